"""Layers that align a stream: delays, and what is kept from before its first sample."""
