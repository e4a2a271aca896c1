"""Lazy imports: names of a package that are imported on first use."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazy_attributes(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Returns a `__getattr__` for a package whose modules take long to import.

    TensorFlow takes seconds, and neither `--help` nor a worker that only reads audio needs it.

    Args:
        package: its `__name__`.
        modules: the module that holds each name, relative to the package; a name that is
            its own module is that module.
    """

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(f"{package}.{modules[name]}")
        return module if modules[name] == name else getattr(module, name)

    return get
