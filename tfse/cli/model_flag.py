"""Flags that select a model, shared by the programs that run one."""

from __future__ import annotations

import pathlib

from absl import flags

from tfse import pretrained
from tfse.errors import ModelError
from tfse.streaming.steps.engines import ENGINES
from tfse.streaming.steps.trust import TrustedFolder

NAME = "model"
ENGINE_NAME = "engine"
TRUST_NAME = "trust_saved_model"
TRUST_HELP = "Load a SavedModel, which is code that runs with your rights."

_MODEL = flags.DEFINE_string(
    NAME,
    None,
    "Name of a shipped model, or a .keras, .tflite or SavedModel path. "
    f"[{pretrained.DEFAULT_MODEL}]",
)
_ENGINE = flags.DEFINE_enum(
    ENGINE_NAME,
    None,
    ENGINES,
    "LiteRT, which needs no TensorFlow, or Keras. [LiteRT if there is a TFLite file]",
)
_TRUST = flags.DEFINE_bool(TRUST_NAME, False, TRUST_HELP)


def engine() -> str | None:
    """Returns the selected engine, None for the faster that the model has."""
    return _ENGINE.value


def value() -> str:
    """Returns the selected or default model; a `TrustedFolder` if it is trusted.

    Raises:
        ModelError: the model does not exist.
    """
    chosen = _MODEL.value or pretrained.DEFAULT_MODEL
    # Checked before TensorFlow is imported, which takes seconds.
    if not pretrained.file_of(chosen) and not pathlib.Path(chosen).exists():
        raise ModelError(
            f"a model must be a .keras or .tflite file, a SavedModel folder or one of "
            f"{pretrained.names()}; received {chosen!r}."
        )
    return TrustedFolder(chosen) if _TRUST.value else chosen
