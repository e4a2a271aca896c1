"""Simulated rooms: layouts and impulse responses."""
