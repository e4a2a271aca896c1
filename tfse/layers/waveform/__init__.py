"""Layers on waveforms: input, output, rates, filters and windows."""
