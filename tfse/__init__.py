"""tfse: speech enhancement in TensorFlow and Keras that runs where the microphone is."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from tfse.errors import TfseError

if TYPE_CHECKING:
    from tfse import metrics as metrics
    from tfse import models as models
    from tfse import streaming as streaming
    from tfse.models import load as load
    from tfse.models import pretrained_names as pretrained_names
    from tfse.streaming import enhance as enhance
    from tfse.streaming import enhance_file as enhance_file

# TensorFlow reads this when it is first imported. At every start its native code logs
# "errors" that are none, of CUDA libraries that are registered twice; real ones are raised.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__version__ = "0.1.0"

# Fetched when first asked for: TensorFlow takes seconds to import, and neither
# `--help` nor a worker that only reads audio needs it.
_LAZY = {
    "enhance": "tfse.streaming",
    "enhance_file": "tfse.streaming",
    "load": "tfse.models",
    "pretrained_names": "tfse.models",
}
_LAZY_MODULES = ("metrics", "models", "streaming")

__all__ = ["TfseError", "__version__", *_LAZY, *_LAZY_MODULES]


def __getattr__(name: str) -> Any:
    if name in _LAZY_MODULES:
        return importlib.import_module(f"tfse.{name}")
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'tfse' has no attribute {name!r}")
