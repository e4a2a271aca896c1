"""Benchmarks: one program per measurement, run by hand; see README.md."""
