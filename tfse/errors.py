"""The one family of errors that tfse raises for what its user can put right.

A message says the rule and the value that broke it, in one line; a program
prints that line and nothing else.
"""

from __future__ import annotations


class TfseError(Exception):
    """Base of every error that tfse raises on purpose."""


class ConfigError(TfseError, ValueError):
    """A setting, an argument or a flag breaks a rule."""


class AudioError(TfseError, ValueError):
    """A recording cannot be used: unreadable, empty, or not finite."""


class DataError(TfseError, ValueError):
    """Prepared data is missing, incomplete, or not what its index says."""


class ModelError(TfseError, ValueError):
    """A model cannot be loaded, or cannot do what is asked of it."""


class TrainingError(TfseError, RuntimeError):
    """A training cannot go on: its folder cannot be written, or its losses are not finite."""
