"""Signal processing as pure functions, without layers or settings."""
