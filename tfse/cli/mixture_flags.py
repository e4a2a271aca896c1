"""Flags of the mixture settings, one per plain field of `DataConfig`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Mapping
from typing import Any

from absl import flags

from tfse.data.config import DataConfig

# The flags belong to the program that defines them, and appear in its --help.
flags.disclaim_key_flags()

_DEFINE: dict[Any, Callable[..., Any]] = {
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
}


def define(
    otherwise: str, *, left_out: Container[str] = (), defaults: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Defines the flags; each is None unless it is given.

    Args:
        otherwise: text after the default in `--help`.
        left_out: fields without a flag.
        defaults: defaults that differ from those of `DataConfig`.

    Returns:
        The flags by field.
    """
    others = defaults or {}
    return {
        field.name: _DEFINE[field.type](
            field.name,
            None,
            f"Setting of the mixtures; {others.get(field.name, field.default)} {otherwise}.",
        )
        for field in dataclasses.fields(DataConfig)
        if field.type in _DEFINE and field.name not in left_out
    }


def given(defined: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values of the flags that are given, by field."""
    return {name: flag.value for name, flag in defined.items() if flag.value is not None}
