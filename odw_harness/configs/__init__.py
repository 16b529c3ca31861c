"""LLaMA-Factory's configurations: made from one template, checked, and launched on several GPUs."""
