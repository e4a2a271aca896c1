"""Streams: one runner for every kind of model, and files and devices around it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfse.streaming.arrays import enhance
    from tfse.streaming.files import enhance_file
    from tfse.streaming.keras_step import KerasStep
    from tfse.streaming.opening import open_step
    from tfse.streaming.options import EnhanceOptions
    from tfse.streaming.picture import save_picture
    from tfse.streaming.runner import StreamingEnhancer
    from tfse.streaming.step import Step

# Imported when they are asked for: a TFLite step needs no TensorFlow.
_MODULES = {
    "EnhanceOptions": "options",
    "KerasStep": "keras_step",
    "Step": "step",
    "StreamingEnhancer": "runner",
    "enhance": "arrays",
    "enhance_file": "files",
    "open_step": "opening",
    "save_picture": "picture",
}

__all__ = [
    "EnhanceOptions",
    "KerasStep",
    "Step",
    "StreamingEnhancer",
    "enhance",
    "enhance_file",
    "open_step",
    "save_picture",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
