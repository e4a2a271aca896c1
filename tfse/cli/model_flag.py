"""Flags that select a model, shared by the programs that run one."""

from __future__ import annotations

import pathlib

from absl import flags

from tfse import pretrained
from tfse.errors import ModelError
from tfse.streaming.steps.trust import TrustedFolder

NAME = "model"
TRUST_NAME = "trust_saved_model"
TRUST_HELP = "Load a SavedModel, which is code that runs with your rights: trust its source first."

_MODEL = flags.DEFINE_string(
    NAME,
    None,
    "Name of a shipped model, .keras file, .tflite file or, with --trust_saved_model, SavedModel "
    "folder. The default is the shipped dpcrn_medium.",
)
_TRUST = flags.DEFINE_bool(TRUST_NAME, False, TRUST_HELP)


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
