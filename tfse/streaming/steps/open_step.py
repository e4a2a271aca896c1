"""Factory of steps from model names, paths and Keras models."""

from __future__ import annotations

import pathlib

from tfse import pretrained
from tfse.errors import ModelError
from tfse.models import EnhancementModel, load
from tfse.streaming.steps.base import Step
from tfse.streaming.steps.keras import KerasStep
from tfse.streaming.steps.trust import TrustedFolder, require_trust

Model = str | pathlib.Path | EnhancementModel | Step


def open_step(model: Model, one_hop: bool = False, trust_saved_model: bool = False) -> Step:
    """Returns the step of a model, for a `StreamingEnhancer`.

    Args:
        model: the name of a shipped model (even if a folder has this name), a `.keras`
            file, a `.tflite` file, the folder of a SavedModel (or its parent with numbered
            versions, of which the newest is used), a Keras model, or a step.
        one_hop: compiles a Keras model for a live stream, see `KerasStep`;
            exported models are already compiled.
        trust_saved_model: loads a SavedModel, which is code that runs with the rights of
            this process; not needed for a `TrustedFolder`.

    Raises:
        ModelError: the model does not exist, is not a tfse model, or is a SavedModel
            that is not trusted.
    """
    if isinstance(model, str | pathlib.Path):
        trusted = trust_saved_model or isinstance(model, TrustedFolder)
        return _from_path(pathlib.Path(model), one_hop, trusted)
    if isinstance(model, EnhancementModel):
        return KerasStep(model, one_hop)
    if isinstance(model, Step):
        return model
    raise ModelError(
        f"a model must be a name, a path, a tfse model or a step; received {type(model).__name__}."
    )


def _from_path(path: pathlib.Path, one_hop: bool, trusted: bool) -> Step:
    if path.suffix == ".tflite":
        from tfse.streaming.steps.tflite import TFLiteStep

        return TFLiteStep(path)
    # A folder with the name of a shipped model does not hide the model.
    if path.is_dir() and not pretrained.file_of(path):
        require_trust(path, trusted)
        from tfse.streaming.steps.saved_model import SavedModelStep

        return SavedModelStep(path)
    return KerasStep(load(path), one_hop)
