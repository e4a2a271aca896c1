"""Sources of an evaluation: recordings, their metadata, and systems."""
