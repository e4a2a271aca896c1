"""Verification of exports: the difference of each variant from the offline model."""
