"""Exporting: SavedModel, TFLite in five number formats, and their verification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfse.lazy_import import lazy_attributes

if TYPE_CHECKING:
    from tfse.exporting.metadata import read_from_saved_model, read_from_tflite
    from tfse.exporting.number_formats import FORMATS
    from tfse.exporting.saved_model import export_saved_model
    from tfse.exporting.tflite import export_tflite
    from tfse.exporting.verification.verify import verify

__all__ = [
    "FORMATS",
    "export_saved_model",
    "export_tflite",
    "read_from_saved_model",
    "read_from_tflite",
    "verify",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "FORMATS": "number_formats",
        "export_saved_model": "saved_model",
        "export_tflite": "tflite",
        "read_from_saved_model": "metadata",
        "read_from_tflite": "metadata",
        "verify": "verification.verify",
    },
)
