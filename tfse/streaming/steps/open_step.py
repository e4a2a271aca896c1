"""Factory of steps from model names, paths and Keras models."""

from __future__ import annotations

import importlib.util
import pathlib
from typing import TYPE_CHECKING, Any, Union

from tfse import pretrained
from tfse.errors import ConfigError, ModelError
from tfse.streaming.steps.base import Step
from tfse.streaming.steps.engines import ENGINES, KERAS, LITERT
from tfse.streaming.steps.trust import TrustedFolder, require_trust

if TYPE_CHECKING:
    from tfse.models import EnhancementModel

Model = Union[str, pathlib.Path, "EnhancementModel", Step]


def open_step(
    model: Model,
    one_hop: bool = False,
    trust_saved_model: bool = False,
    *,
    engine: str | None = None,
) -> Step:
    """Returns the step of a model, for a `StreamingEnhancer`.

    Args:
        model: the name of a shipped model (even if a folder has this name), a `.keras`
            file, a `.tflite` file, the folder of a SavedModel (or its parent with numbered
            versions, of which the newest is used), a Keras model, or a step.
        one_hop: compiles a Keras model for a live stream, see `KerasStep`;
            exported models are already compiled.
        trust_saved_model: loads a SavedModel, which is code that runs with the rights of
            this process; not needed for a `TrustedFolder`.
        engine: "litert" runs TFLite files and shipped models without TensorFlow, "keras"
            runs `.keras` files, Keras models and shipped models. None for LiteRT where the
            model has a TFLite file.

    Raises:
        ConfigError: there is no such engine.
        ModelError: the model does not exist, is not a tfse model, is a SavedModel
            that is not trusted, or is of another engine.
    """
    if engine not in (None, *ENGINES):
        raise ConfigError(f"`engine` must be one of {ENGINES}; received {engine!r}.")
    if isinstance(model, str | pathlib.Path):
        trusted = trust_saved_model or isinstance(model, TrustedFolder)
        return _from_path(pathlib.Path(model), one_hop, trusted, engine)
    if isinstance(model, Step):
        return model
    return _from_keras(model, one_hop, engine)


def _from_path(path: pathlib.Path, one_hop: bool, trusted: bool, engine: str | None) -> Step:
    shipped = pretrained.tflite_of(path)
    if shipped and engine != KERAS and (engine == LITERT or _has_litert()):
        return _from_tflite(shipped, engine)
    if path.suffix == ".tflite":
        return _from_tflite(path, engine)
    # A folder with the name of a shipped model does not hide the model.
    if path.is_dir() and not pretrained.file_of(path):
        require_trust(path, trusted)
        if engine:
            raise ModelError(f"`engine` must be left out for a SavedModel; received {engine!r}.")
        from tfse.streaming.steps.saved_model import SavedModelStep

        return SavedModelStep(path)
    from tfse.models import load

    return _from_keras(load(path), one_hop, engine)


def _from_tflite(path: pathlib.Path, engine: str | None) -> Step:
    if engine == KERAS:
        raise ModelError(f"{path} is a TFLite file, which Keras cannot run; use LiteRT.")
    from tfse.streaming.steps.tflite import TFLiteStep

    return TFLiteStep(path)


def _from_keras(model: Any, one_hop: bool, engine: str | None) -> Step:
    from tfse.models import EnhancementModel
    from tfse.streaming.steps.keras import KerasStep

    if not isinstance(model, EnhancementModel):
        raise ModelError(
            "a model must be a name, a path, a tfse model or a step; "
            f"received {type(model).__name__}."
        )
    if engine == LITERT:
        raise ModelError("LiteRT runs TFLite files; tfse-export makes one of a Keras model.")
    return KerasStep(model, one_hop)


def _has_litert() -> bool:
    return importlib.util.find_spec("ai_edge_litert") is not None
