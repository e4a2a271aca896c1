"""Gives a wide DPCRN what a narrow one has learned."""

from __future__ import annotations

import re
from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from tfse.errors import ModelError
from tfse.models.enhancement_model import EnhancementModel

Array = NDArray[np.float32]
_GATES = 4


def widen(wide: EnhancementModel, narrow: EnhancementModel, seed: int = 0) -> None:
    """Makes a wide DPCRN compute what a narrow one does, by repeating its units.

    Unit j of a wide layer is unit j modulo n of the narrow one, and what reads the
    copies shares the weight of the original among them. Were the shares equal, so
    would be the gradients, and copies would stay copies: the shares of a weight
    differ by chance, by as much as gives the wide layer the spread of weights that
    its number of inputs asks for, and add up to the weight.

    The frame normalizations between the dual-path blocks weigh all units alike only
    if each has as many copies. Where the filters of the last stage are no multiple of
    the narrow model's, the output is therefore close to the narrow model's, not equal
    (for `dpcrn_small` with 128 for 48 filters, 27 to 52 dB below it).

    Args:
        wide: takes the weights; a DPCRN with at least as many filters and units,
            and otherwise the same.
        narrow: gives them.
        seed: of the shares.

    Raises:
        ModelError: one of them is no DPCRN, the wide one is narrower somewhere, or a
            setting beside filters and units differs.

    Source:
        Chen, Goodfellow and Shlens, "Net2Net: Accelerating learning via knowledge
        transfer", ICLR 2016, section 2.2 (Net2WiderNet).
    """
    old, new = _Sizes(narrow), _Sizes(wide)
    if old.stages != new.stages or old.blocks != new.blocks or not old.stages:
        raise ModelError(
            "widening takes two DPCRN with the same number of stages and blocks; received "
            f"{old.stages} and {new.stages} stages, {old.blocks} and {new.blocks} blocks."
        )
    _check_transform(wide, narrow)
    rng = np.random.default_rng(seed)
    given = {weight.path: keras.ops.convert_to_numpy(weight) for weight in narrow.weights}
    widened = {}
    for weight in wide.weights:
        if weight.path not in given:
            raise ModelError(f"the narrow model must have every layer; {weight.path} is missing.")
        value = given[weight.path]
        for axis, (before, after, reads) in _axes(weight.path, old, new).items():
            value = _repeat(value, axis, before, after, rng if reads else None, weight.path)
        if value.shape != tuple(weight.shape):
            raise ModelError(
                "nothing but filters and units may differ; received the shapes "
                f"{value.shape} and {tuple(weight.shape)} of {weight.path}."
            )
        widened[weight.path] = value
    for weight in wide.weights:
        weight.assign(widened[weight.path])


def _check_transform(wide: EnhancementModel, narrow: EnhancementModel) -> None:
    one, other = (model.stft.get_config() for model in (narrow, wide))
    changed = [name for name in one if one[name] != other[name] and name != "dtype"]
    if changed:
        raise ModelError(
            "nothing but filters and units may differ; received "
            + ", ".join(f"{name} {other[name]} for {one[name]}" for name in changed)
            + "."
        )


class _Sizes:
    """Filters and units of a DPCRN, read from its weights."""

    def __init__(self, model: keras.Model) -> None:
        self._shapes = {weight.path: tuple(weight.shape) for weight in model.weights}
        self.stages = self._count(r"encoder_(\d+)/kernel")
        self.blocks = self._count(r"dual_path_(\d+)/time/")

    def _count(self, pattern: str) -> int:
        return len({m[1] for path in self._shapes if (m := re.match(pattern, path))})

    def channels(self, stage: int) -> int:
        """Filters of an encoder stage."""
        return self._shapes[f"encoder_{stage}/kernel"][3]

    def decoded(self, stage: int) -> int:
        """Channels that go into a decoder stage beside those skipped to it, or out of the last."""
        if stage == self.stages:
            return self.channels(stage - 1)
        return self._shapes[f"decoder_{stage}/kernel"][3]

    def units(self, lstm: str) -> int:
        """Units of one direction of an LSTM."""
        return self._shapes[f"{lstm}/lstm_cell/recurrent_kernel"][0]


# Pieces of an axis, pieces they become, and whether the axis reads units.
_Axis = tuple[list[int], list[int], bool]
_Axes = dict[int, _Axis]
_MakeAxis = Callable[[Callable[[_Sizes], list[int]], bool], _Axis]


def _axes(path: str, old: _Sizes, new: _Sizes) -> _Axes:
    """Returns the axes of a weight that hold units; several pieces where units stand in a row."""

    def axis(pieces: Callable[[_Sizes], list[int]], reads: bool) -> _Axis:
        return pieces(old), pieces(new), reads

    if m := re.match(r"(encoder|decoder)_(\d+)(_norm|_prelu)?/(\w+)$", path):
        return _of_stage(m[1], int(m[2]), m[4] == "kernel", axis)
    stream = axis(lambda s: [s.channels(s.stages - 1)], False)
    if m := re.match(r"(dual_path_\d+/\w+/\w+)/lstm_cell/(\w+)$", path):
        lstm = m[1]
        gates = axis(lambda s: _GATES * [s.units(lstm)], False)
        if m[2] == "kernel":
            return {0: (*stream[:2], True), 1: gates}
        if m[2] == "recurrent_kernel":
            return {0: axis(lambda s: [s.units(lstm)], True), 1: gates}
        return {0: gates}
    if m := re.match(r"(dual_path_\d+)/(frequency|time)_dense/kernel$", path):
        ways = (
            ("frequency/forward", "frequency/backward") if m[2] == "frequency" else ("time/lstm",)
        )
        lstms = [f"{m[1]}/{way}" for way in ways]
        return {0: axis(lambda s: [s.units(lstm) for lstm in lstms], True), 1: stream}
    return {-1: stream} if path.startswith("dual_path_") else {}


def _of_stage(side: str, stage: int, is_kernel: bool, axis: _MakeAxis) -> _Axes:
    """Returns the axes of a convolution; channels of input and mask are no units."""
    axes: _Axes = {}
    if side == "encoder":
        written = axis(lambda s: [s.channels(stage)], False)
        if is_kernel and stage > 0:
            axes[2] = axis(lambda s: [s.channels(stage - 1)], True)
    else:
        written = axis(lambda s: [s.decoded(stage)], False)
        if is_kernel:
            axes[2] = axis(lambda s: [s.channels(stage), s.decoded(stage + 1)], True)
        if stage == 0:
            return axes
    return {**axes, -1: written}


def _repeat(
    value: Array,
    axis: int,
    before: list[int],
    after: list[int],
    shares: np.random.Generator | None,
    path: str,
) -> Array:
    """Repeats the pieces of an axis; with `shares`, the copies share each value."""
    if any(m < n for n, m in zip(before, after, strict=True)):
        raise ModelError(
            "no layer of the wide model may be narrower; received "
            f"{sum(after)} units for {sum(before)} in {path}."
        )
    spread = float(np.std(value))
    parts = []
    for n, m, part in zip(
        before, after, np.split(value, np.cumsum(before)[:-1], axis), strict=True
    ):
        origin = np.arange(m) % n
        repeated = np.take(part, origin, axis)
        if shares is not None:
            repeated = _shared(np.moveaxis(repeated, axis, 0), origin, spread, shares)
            repeated = np.moveaxis(repeated, 0, axis)
        parts.append(repeated)
    return np.concatenate(parts, axis).astype(np.float32)


def _shared(
    value: Array, origin: NDArray[np.int64], spread: float, rng: np.random.Generator
) -> Array:
    copies = np.bincount(origin)[origin]
    # Of c copies: w / c + r, with the r of a row of copies adding up to 0 and
    # var(w / c) + var(r) = var(w) / c, the spread of a layer with c times the inputs.
    sigma = np.where(copies > 1, spread / np.sqrt(copies), 0)
    column = (slice(None),) + (None,) * (value.ndim - 1)
    r = rng.standard_normal(value.shape) * sigma[column]
    sums = np.zeros((origin.max() + 1, *value.shape[1:]))
    np.add.at(sums, origin, r)
    return value / copies[column] + r - (sums[origin] / copies[column])
