"""Recurrent layers over time and over frequency."""
