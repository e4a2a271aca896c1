"""Transforms, and layers on complex spectra."""
