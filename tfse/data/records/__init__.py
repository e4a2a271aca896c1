"""Records of prepared data: their format, their index, and readers for a graph."""
