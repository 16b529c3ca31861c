"""Overlap between training data and the questions."""
