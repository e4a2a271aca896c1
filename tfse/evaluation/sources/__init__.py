"""Sources of an evaluation: recordings, their metadata, and the systems to compare."""
