"""Copies of units: repeated axes of weights, and weights divided among the copies."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tfse.errors import ModelError

Array = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Piece:
    """Piece of an axis of a weight: units of one layer, or of one head or gate of it.

    Attributes:
        before: units in the narrow model.
        after: units in the wide model.
        divided: divides the values among the copies, as where units are read and the sum
            over them matters; otherwise they are repeated.
        scale: factor on the values.
    """

    before: int
    after: int
    divided: bool = False
    scale: float = 1.0


#: Pieces that are concatenated along one axis.
Axis = Sequence[Piece]


def outputs(before: Sequence[int], after: Sequence[int]) -> Axis:
    """Returns an axis of units that are written."""
    return [Piece(n, m) for n, m in zip(before, after, strict=True)]


def inputs(before: Sequence[int], after: Sequence[int]) -> Axis:
    """Returns an axis of units that are read."""
    return [Piece(n, m, divided=True) for n, m in zip(before, after, strict=True)]


#: The axes of a weight that index units, by number.
Axes = Mapping[int, Axis]


def with_copies(value: Array, axes: Axes, rng: np.random.Generator, path: str) -> Array:
    """Returns a weight of the narrow model with the axes of the wide one.

    Unit j of a wide piece is unit j modulo n of the narrow one.

    Args:
        value: the weight.
        axes: its axes of units.
        rng: of the random shares.
        path: name of the weight, for errors.

    Raises:
        ModelError: a piece of the wide model is narrower.
    """
    for number, axis in axes.items():
        value = _repeat(value, number, axis, rng, path)
    return value


def _repeat(value: Array, number: int, axis: Axis, rng: np.random.Generator, path: str) -> Array:
    if any(piece.after < piece.before for piece in axis):
        raise ModelError(
            "a layer of the wide model must not be narrower; received "
            f"{sum(piece.after for piece in axis)} units for "
            f"{sum(piece.before for piece in axis)} in {path}."
        )
    deviation = float(np.std(value))
    parts = []
    ends = np.cumsum([piece.before for piece in axis])[:-1]
    for piece, part in zip(axis, np.split(value, ends, number), strict=True):
        origin = np.arange(piece.after) % piece.before
        repeated = np.take(part, origin, number)
        if piece.divided:
            repeated = _divided(np.moveaxis(repeated, number, 0), origin, deviation, rng)
            repeated = np.moveaxis(repeated, 0, number)
        parts.append(piece.scale * repeated)
    return np.concatenate(parts, number).astype(np.float32)


def _divided(
    value: Array, origin: NDArray[np.int64], deviation: float, rng: np.random.Generator
) -> Array:
    copies = np.bincount(origin)[origin]
    # A share of c copies is w / c + r, where the r of the copies sum to 0 and
    # var(w / c) + var(r) = var(w) / c, the variance for c times the inputs.
    sigma = np.where(copies > 1, deviation / np.sqrt(copies), 0)
    column = (slice(None),) + (None,) * (value.ndim - 1)
    r = rng.standard_normal(value.shape) * sigma[column]
    sums = np.zeros((origin.max() + 1, *value.shape[1:]))
    np.add.at(sums, origin, r)
    return value / copies[column] + r - (sums[origin] / copies[column])
