"""Checkpoints: `.keras` files that `tfse.load` reads, and initial weights."""

from __future__ import annotations

import pathlib

from tfse.errors import ConfigError
from tfse.models import EnhancementModel
from tfse.training.run_folder import save_model
from tfse.training.warm_start import Source, other_settings

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


def load_weights(model: EnhancementModel, source: Source) -> None:
    """Copies the weights of another model of the same config, or a narrower one, to a model.

    Args:
        model: receives the weights.
        source: the other model; see `load_source`.

    Raises:
        ModelError: the source cannot be widened to the model.
        ConfigError: it has another config.
    """
    report = source.copy_weights(model)
    if weights := [*report.other_shape, *report.missing, *report.unused]:
        raise ConfigError(
            f"`init_from` must be a model of the same config; of {len(model.weights)} weights "
            f"{len(report.loaded)} are in {source.name}; first that differs: {weights[0]}."
        )
    # Last, since Keras imports TensorFlow for it where there is one, which prints.
    if settings := other_settings(model, source.model):
        raise ConfigError(
            f"`init_from` must be a model of the same config; the first setting of {source.name} "
            f"that differs: {settings[0]}."
        )
