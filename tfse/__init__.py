"""tfse: streaming speech enhancement in TensorFlow and Keras, from training to the device."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tfse.errors import (
    AudioError,
    ConfigError,
    DataError,
    ModelError,
    TfseError,
    TrainingError,
)
from tfse.lazy_import import lazy_attributes

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

__all__ = [
    "AudioError",
    "ConfigError",
    "DataError",
    "ModelError",
    "TfseError",
    "TrainingError",
    "__version__",
    "enhance",
    "enhance_file",
    "load",
    "metrics",
    "models",
    "pretrained_names",
    "streaming",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "enhance": "streaming",
        "enhance_file": "streaming",
        "load": "models",
        "metrics": "metrics",
        "models": "models",
        "pretrained_names": "models",
        "streaming": "streaming",
    },
)
