"""Importers, one per model, and what they need."""
