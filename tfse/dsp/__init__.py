"""Ground floor: signal processing as pure functions, without layers or settings."""
