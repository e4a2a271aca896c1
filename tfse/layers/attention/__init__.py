"""Self-attention over bands and over time."""
