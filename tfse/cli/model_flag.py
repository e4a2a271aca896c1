"""The flag that chooses a model, the same for every program that runs one."""

from __future__ import annotations

from absl import flags

NAME = "model"

_MODEL = flags.DEFINE_string(
    NAME,
    None,
    "Name of a shipped model, .keras file, .tflite file or SavedModel folder. The default is the "
    "shipped dpcrn_medium.",
)


def value() -> str:
    """Returns what the user chose, or the default."""
    # Imported here: Keras takes seconds, and --help needs none of it.
    from tfse.models.loading import DEFAULT_MODEL

    return _MODEL.value or DEFAULT_MODEL
