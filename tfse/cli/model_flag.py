"""Flags that choose a model, the same for every program that runs one."""

from __future__ import annotations

from absl import flags

from tfse.pretrained import DEFAULT_MODEL
from tfse.streaming.trust import TrustedFolder

NAME = "model"
TRUST_NAME = "trust_saved_model"
TRUST_HELP = "Load a SavedModel: it is code that runs with your rights, so trust its source first."

_MODEL = flags.DEFINE_string(
    NAME,
    None,
    "Name of a shipped model, .keras file, .tflite file or, with --trust_saved_model, SavedModel "
    "folder. The default is the shipped dpcrn_medium.",
)
_TRUST = flags.DEFINE_bool(TRUST_NAME, False, TRUST_HELP)


def value() -> str:
    """Returns what the user chose, or the default; a `TrustedFolder` if it is trusted."""
    chosen = _MODEL.value or DEFAULT_MODEL
    return TrustedFolder(chosen) if _TRUST.value else chosen
