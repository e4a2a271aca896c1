"""Worker processes that enhance and score recordings."""
