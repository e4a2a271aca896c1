"""Metadata of sound files: chunks, tags and pictures, and their transfer to a result."""
