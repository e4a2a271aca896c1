"""Simulated rooms: their layout and their impulse responses."""
