"""Development tools: programs that are not installed with tfse."""

import tfse  # noqa: F401  # sets the log level before a program imports TensorFlow
