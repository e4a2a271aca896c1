"""Layers over channels: groups, gates, scales and sums."""
