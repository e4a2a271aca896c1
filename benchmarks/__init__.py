"""Benchmarks: one program per measurement, run by hand; see README.md."""

import tfse  # noqa: F401  # sets the log level before a program imports TensorFlow
