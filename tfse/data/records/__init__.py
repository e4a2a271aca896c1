"""Records of prepared data: TFRecord shards, their index, and readers for a graph."""
