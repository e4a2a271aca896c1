"""The flag that chooses a model, the same for every program that runs one."""

from __future__ import annotations

from absl import flags

from tfse.pretrained import DEFAULT_MODEL

NAME = "model"

_MODEL = flags.DEFINE_string(
    NAME,
    None,
    "Name of a shipped model, .keras file, .tflite file or SavedModel folder. The default is the "
    "shipped dpcrn_medium.",
)


def value() -> str:
    """Returns what the user chose, or the default."""
    return _MODEL.value or DEFAULT_MODEL
