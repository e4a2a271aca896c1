"""Shipped configs: names in place of paths for the flag `--config`."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

import tfse

_PACKAGE = pathlib.Path(tfse.__file__).parent
# Installed by pip, configs are inside the package; in a checkout, beside it.
FOLDERS = (_PACKAGE / "configs", _PACKAGE.parent / "configs")
_FLAGS = ("--config", "-config")


def names() -> list[str]:
    """Returns the names of the shipped configs."""
    return sorted({path.stem for folder in FOLDERS for path in folder.glob("[!_]*.py")})


def file_of(name: str) -> pathlib.Path | None:
    """Returns the file of a shipped config, None if the name is unknown."""
    files = [folder / f"{name}.py" for folder in FOLDERS if name in names()]
    return next((file for file in files if file.is_file()), None)


def with_paths(arguments: Sequence[str]) -> list[str]:
    """Returns command-line arguments with paths in place of names of shipped configs.

    A file of the same name in the working directory has a suffix, or a folder before it, so
    that nothing is hidden.

    Example:
        >>> "=configs" in with_paths(["tfse-train", "--config=configs/own.py"])[1]
        True
    """
    found = list(arguments)
    for place, argument in enumerate(arguments):
        flag, separator, value = argument.partition("=")
        if separator and flag in _FLAGS:
            found[place] = f"{flag}={file_of(value) or value}"
        elif place and arguments[place - 1] in _FLAGS:
            found[place] = str(file_of(argument) or argument)
    return found
