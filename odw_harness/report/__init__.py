"""The page that tells who is better, and whether that is real: `odw report`."""
