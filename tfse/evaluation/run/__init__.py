"""Measurement: worker processes that enhance and score recordings."""
