"""Preparation of data: recordings in folders become TFRecord shards."""
