"""Shipped weights, and the name of the default model.

Keras is not imported, so that programs can check a name before they import it.
"""

from __future__ import annotations

import pathlib

FOLDER = pathlib.Path(__file__).parent

#: Default model of all programs.
DEFAULT_MODEL = "dpcrn_medium"


def file_of(name: str | pathlib.PurePath) -> pathlib.Path | None:
    """Returns the file of a shipped model, None if the name is unknown."""
    file = FOLDER / f"{name}.keras"
    return file if pathlib.PurePath(name).name == str(name) and file.is_file() else None


def names() -> list[str]:
    """Returns the names of the models that ship with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.keras"))
