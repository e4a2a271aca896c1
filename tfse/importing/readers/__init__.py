"""Readers of published files: PyTorch, ONNX, HDF5, and archives of them."""

from tfse.importing.readers.read_source import read_source

__all__ = ["read_source"]
