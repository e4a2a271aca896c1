"""Sound files: found in folders, read block by block, and written whole or not at all."""
