"""Checkpoints and adapters of ChatGLM3, Baichuan2 and Qwen-1 made native to transformers, exactly."""
