"""Normalizations of features and levels."""
