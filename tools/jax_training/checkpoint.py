"""Checkpoints: `.keras` files that the product loads, and weights to begin with."""

from __future__ import annotations

import os
import pathlib

from tfse.errors import ConfigError
from tfse.models import EnhancementModel, load
from tfse.training.warm_start import other_settings, warm_start

NAME = "last.keras"


def save(model: EnhancementModel, folder: pathlib.Path) -> pathlib.Path:
    """Writes `last.keras`, whole or not at all.

    Args:
        model: in float32.
        folder: where to.

    Returns:
        Its path.
    """
    path = folder / NAME
    # Keras wants the suffix.
    unfinished = folder / f"unfinished_{NAME}"
    model.save(unfinished)
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(path)
    return path


def begin_with(model: EnhancementModel, source: str) -> int:
    """Gives a model the weights of another one of the same shape.

    Args:
        model: takes them.
        source: a `.keras` file, or the name of a shipped model.

    Returns:
        How many were copied.

    Raises:
        ModelError: there is no such model.
        ConfigError: it is another model.
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
