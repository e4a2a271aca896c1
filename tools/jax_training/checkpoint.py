"""Checkpoints: `.keras` files that `tfse.load` reads, and initial weights."""

from __future__ import annotations

import pathlib

from tfse.errors import ConfigError
from tfse.models import EnhancementModel, load
from tfse.training.run_folder import save_model
from tfse.training.warm_start import other_settings, warm_start

NAME = "last.keras"


def save(model: EnhancementModel, folder: pathlib.Path) -> pathlib.Path:
    """Writes `last.keras` atomically.

    Args:
        model: model in float32.
        folder: output folder.

    Returns:
        Path of the file.
    """
    path = folder / NAME
    save_model(model, path)
    return path


def load_weights(model: EnhancementModel, source: str) -> int:
    """Copies the weights of another model of the same config to a model.

    Args:
        model: receives the weights.
        source: a `.keras` file, or the name of a shipped model.

    Returns:
        Number of copied weights.

    Raises:
        ModelError: there is no such model.
        ConfigError: it has another config.
    """
    giver = load(source)
    result = warm_start(model, giver, source)
    other = [*result.other_shape, *result.missing, *result.unused]
    # Last, since Keras imports TensorFlow for it where there is one.
    if other := other or other_settings(model, giver):
        raise ConfigError(
            f"`init_from` must be a model of the same config; of {len(model.weights)} weights "
            f"{len(result.loaded)} are in {source}; first that differs: {other[0]}."
        )
    return len(result.loaded)
