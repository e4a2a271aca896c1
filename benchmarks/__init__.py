"""Measurements, each a program of its own; run by hand."""
