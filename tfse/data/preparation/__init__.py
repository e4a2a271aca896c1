"""Preparation of data: from folders of recordings to TFRecord shards."""
