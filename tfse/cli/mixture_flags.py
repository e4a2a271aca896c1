"""Flags for the settings of mixtures, one for each plain field of `DataConfig`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Mapping
from typing import Any

from absl import flags

from tfse.data.config import DataConfig

# They are flags of the program that asks for them, and stand in its --help.
flags.disclaim_key_flags()

_DEFINE: dict[Any, Callable[..., Any]] = {
    bool: flags.DEFINE_bool,
    int: flags.DEFINE_integer,
    float: flags.DEFINE_float,
}


def define(
    otherwise: str, *, left_out: Container[str] = (), defaults: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Defines the flags; without a value each is None.

    Args:
        otherwise: what `--help` says behind the default.
        left_out: fields that are no flags.
        defaults: where the default is another than that of `DataConfig`.

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
    """Returns the fields whose flags have a value, with it."""
    return {name: flag.value for name, flag in defined.items() if flag.value is not None}
