"""Batches of recordings: which file becomes which, and the outcome for each."""
