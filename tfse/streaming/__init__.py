"""Streams: one runner for every kind of model, and files and devices around it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfse.streaming.array_enhancement import enhance
    from tfse.streaming.batch.before_after import save_picture
    from tfse.streaming.file_enhancement import enhance_file
    from tfse.streaming.options import EnhanceOptions
    from tfse.streaming.steps.base import Step
    from tfse.streaming.steps.keras import KerasStep
    from tfse.streaming.steps.open_step import open_step
    from tfse.streaming.streaming_enhancer import StreamingEnhancer

# Imported when they are asked for: a TFLite step needs no TensorFlow.
_MODULES = {
    "EnhanceOptions": "options",
    "KerasStep": "steps.keras",
    "Step": "steps.base",
    "StreamingEnhancer": "streaming_enhancer",
    "enhance": "array_enhancement",
    "enhance_file": "file_enhancement",
    "open_step": "steps.open_step",
    "save_picture": "batch.before_after",
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
