"""Shipped weights, and the name of the default model.

Neither Keras nor LiteRT is imported, so that programs can check a name before they do.
"""

from __future__ import annotations

import pathlib

FOLDER = pathlib.Path(__file__).parent

#: Default model of all programs.
DEFAULT_MODEL = "fastenhancer_base"


def file_of(name: str | pathlib.PurePath) -> pathlib.Path | None:
    """Returns the `.keras` file of a shipped model, None if the name is unknown."""
    return _file(name, ".keras")


def tflite_of(name: str | pathlib.PurePath) -> pathlib.Path | None:
    """Returns the `.tflite` file of a shipped model, None if the name is unknown."""
    return _file(name, ".tflite")


def card_of(name: str) -> pathlib.Path | None:
    """Returns the model card of a shipped model, None if the name is unknown."""
    return _file(name, ".md")


def names() -> list[str]:
    """Returns the names of the models that ship with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.keras"))


def _file(name: str | pathlib.PurePath, suffix: str) -> pathlib.Path | None:
    file = FOLDER / f"{name}{suffix}"
    return file if pathlib.PurePath(name).name == str(name) and file.is_file() else None
