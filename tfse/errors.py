"""Exceptions for errors that a user can correct.

A message is one line; a program prints that line and nothing else.
"""

from __future__ import annotations


class TfseError(Exception):
    """Base class of the exceptions of tfse."""


class ConfigError(TfseError, ValueError):
    """Error in a setting, an argument or a flag."""


class AudioError(TfseError, ValueError):
    """Error in a recording: unreadable, empty, or not finite."""


class DataError(TfseError, ValueError):
    """Error in prepared data: missing, incomplete, or different from its index."""


class ModelError(TfseError, ValueError):
    """Error in a model: it cannot be loaded, or does not support the operation."""


class TrainingError(TfseError, RuntimeError):
    """Error that stops a training: unwritable folder, or losses that are not finite."""
