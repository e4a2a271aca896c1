"""Streams: one runner for every kind of model, and files and devices around it."""

from tfse.streaming.arrays import enhance
from tfse.streaming.files import enhance_file
from tfse.streaming.keras_step import KerasStep
from tfse.streaming.opening import open_step
from tfse.streaming.options import EnhanceOptions
from tfse.streaming.picture import save_picture
from tfse.streaming.runner import StreamingEnhancer
from tfse.streaming.step import Step

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
