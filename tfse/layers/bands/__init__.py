"""Layers over the bins and bands of one frame."""
