"""Development tools: programs that are not installed with tfse."""
