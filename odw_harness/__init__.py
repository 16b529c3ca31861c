"""Benchmark harness for Chinese official-document writing (公文写作) by language models."""
