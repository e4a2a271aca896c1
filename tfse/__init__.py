"""tfse: speech enhancement in TensorFlow and Keras that runs where the microphone is."""

import tfse.models as models
from tfse.errors import TfseError
from tfse.models.loading import load, pretrained_names

__version__ = "0.1.0"
__all__ = ["TfseError", "__version__", "load", "models", "pretrained_names"]
