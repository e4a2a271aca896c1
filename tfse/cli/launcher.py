"""Entry points of the installed programs, one attribute per module of `tfse.cli`."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from typing import Any

from tfse.cli import program


def __getattr__(name: str) -> Callable[[], Any]:
    if name.startswith("_"):
        raise AttributeError(name)
    return functools.partial(_launch, name)


def _launch(name: str) -> None:
    """Runs a program; a package that is not installed is one line on stderr."""
    try:
        module = importlib.import_module(f"tfse.cli.{name}")
    except ModuleNotFoundError as error:
        sys.exit(program.missing_package(error))
    module.entry_point()
