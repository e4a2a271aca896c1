"""Makes a step of whatever a user calls a model."""

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
    """Returns a step, ready to be fed by a `StreamingEnhancer`.

    Args:
        model: the name of a shipped model (also where a folder has this name), a `.keras`
            file, a `.tflite` file, the folder of a SavedModel (or the one above it, which
            holds its versions: the newest is taken), a Keras model, or a step.
        one_hop: compiles a Keras model for a live stream, see `KerasStep`;
            the other kinds were compiled when they were exported.
        trust_saved_model: loads a SavedModel, which is code that runs with the rights of
            this process; a `TrustedFolder` is loaded without it.

    Raises:
        ModelError: there is no such model, it is not a tfse model, or it is a SavedModel
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
        "a model must be a name, a path, a model of tfse or a step; "
        f"received {type(model).__name__}."
    )


def _from_path(path: pathlib.Path, one_hop: bool, trusted: bool) -> Step:
    if path.suffix == ".tflite":
        from tfse.streaming.steps.tflite import TFLiteStep

        return TFLiteStep(path)
    # A folder that happens to have the name of a shipped model is another thing.
    if path.is_dir() and not pretrained.file_of(path):
        require_trust(path, trusted)
        from tfse.streaming.steps.saved_model import SavedModelStep

        return SavedModelStep(path)
    return KerasStep(load(path), one_hop)
