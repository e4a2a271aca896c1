"""Streaming: frame-by-frame enhancement of arrays, files and devices by any kind of model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfse.lazy_import import lazy_attributes

if TYPE_CHECKING:
    from tfse.streaming.array_enhancement import enhance
    from tfse.streaming.batch.before_after import save_picture
    from tfse.streaming.file_enhancement import enhance_file
    from tfse.streaming.options import EnhanceOptions
    from tfse.streaming.steps.base import Step
    from tfse.streaming.steps.keras import KerasStep
    from tfse.streaming.steps.open_step import open_step
    from tfse.streaming.streaming_enhancer import StreamingEnhancer

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

# Imported on first use: a TFLite step needs no TensorFlow.
__getattr__ = lazy_attributes(
    __name__,
    {
        "EnhanceOptions": "options",
        "KerasStep": "steps.keras",
        "Step": "steps.base",
        "StreamingEnhancer": "streaming_enhancer",
        "enhance": "array_enhancement",
        "enhance_file": "file_enhancement",
        "open_step": "steps.open_step",
        "save_picture": "batch.before_after",
    },
)
