"""Widening of a DPCRN: weights of a narrow model for a wider one of the same function."""

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
    """Sets the weights of a wide DPCRN so that it computes the function of a narrow one.

    Unit j of a wide layer is unit j modulo n of the narrow one, and each weight that reads a
    unit is divided among its copies. Equal shares would have equal gradients, so that copies would
    remain identical. The shares are therefore random: they sum to the weight, and give the
    wide layer the standard deviation of weights that fits its number of inputs.

    The frame normalizations between the dual-path blocks weight all units equally only if
    each has the same number of copies. If the filters of the last stage are not a multiple of
    the narrow model's, the outputs are therefore close, not equal (for `dpcrn_small` with 128
    instead of 48 filters, the difference is 27 to 52 dB below the output).

    Args:
        wide: receives the weights; a DPCRN with at least as many filters and units, and
            otherwise the same settings.
        narrow: provides the weights.
        seed: of the random shares.

    Raises:
        ModelError: a model is not a DPCRN, a layer of the wide model is narrower, or a
            setting besides filters and units differs.

    Source:
        Chen, Goodfellow and Shlens, "Net2Net: Accelerating learning via knowledge
        transfer", ICLR 2016, section 2.2 (Net2WiderNet).
    """
    old, new = _Sizes(narrow), _Sizes(wide)
    if old.stages != new.stages or old.blocks != new.blocks or not old.stages:
        raise ModelError(
            "both models must be DPCRNs with the same number of stages and blocks; received "
            f"{old.stages} and {new.stages} stages, {old.blocks} and {new.blocks} blocks."
        )
    _check_transform(wide, narrow)
    rng = np.random.default_rng(seed)
    narrow_weights = {weight.path: keras.ops.convert_to_numpy(weight) for weight in narrow.weights}
    widened = {}
    for weight in wide.weights:
        if weight.path not in narrow_weights:
            raise ModelError(f"the narrow model must have every layer; {weight.path} is missing.")
        value = narrow_weights[weight.path]
        for axis, (before, after, is_input) in _axes(weight.path, old, new).items():
            value = _repeat(value, axis, before, after, rng if is_input else None, weight.path)
        if value.shape != tuple(weight.shape):
            raise ModelError(
                "the models must differ only in filters and units; received the shapes "
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
            "the models must differ only in filters and units; received "
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
        """Channels into a decoder stage besides its skip connection, or out of the last stage."""
        if stage == self.stages:
            return self.channels(stage - 1)
        return self._shapes[f"decoder_{stage}/kernel"][3]

    def units(self, lstm: str) -> int:
        """Units of an LSTM, in one direction."""
        return self._shapes[f"{lstm}/lstm_cell/recurrent_kernel"][0]


# Sizes of the pieces of an axis, narrow and wide, and whether it is an axis of inputs.
_Axis = tuple[list[int], list[int], bool]
_Axes = dict[int, _Axis]
_MakeAxis = Callable[[Callable[[_Sizes], list[int]], bool], _Axis]


def _axes(path: str, old: _Sizes, new: _Sizes) -> _Axes:
    """Returns the axes of a weight that index units; concatenated units are several pieces."""

    def axis(pieces: Callable[[_Sizes], list[int]], is_input: bool) -> _Axis:
        return pieces(old), pieces(new), is_input

    if m := re.match(r"(encoder|decoder)_(\d+)(_norm|_prelu)?/(\w+)$", path):
        return _stage_axes(m[1], int(m[2]), m[4] == "kernel", axis)
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
        names = (
            ("frequency/forward", "frequency/backward") if m[2] == "frequency" else ("time/lstm",)
        )
        lstms = [f"{m[1]}/{name}" for name in names]
        return {0: axis(lambda s: [s.units(lstm) for lstm in lstms], True), 1: stream}
    return {-1: stream} if path.startswith("dual_path_") else {}


def _stage_axes(side: str, stage: int, is_kernel: bool, axis: _MakeAxis) -> _Axes:
    """Returns the axes of a convolution; channels of input and mask are not units."""
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
    rng: np.random.Generator | None,
    path: str,
) -> Array:
    """Repeats the pieces of an axis; with `rng`, divides each value among the copies."""
    if any(m < n for n, m in zip(before, after, strict=True)):
        raise ModelError(
            "a layer of the wide model must not be narrower; received "
            f"{sum(after)} units for {sum(before)} in {path}."
        )
    deviation = float(np.std(value))
    parts = []
    for n, m, part in zip(
        before, after, np.split(value, np.cumsum(before)[:-1], axis), strict=True
    ):
        origin = np.arange(m) % n
        repeated = np.take(part, origin, axis)
        if rng is not None:
            repeated = _divided(np.moveaxis(repeated, axis, 0), origin, deviation, rng)
            repeated = np.moveaxis(repeated, 0, axis)
        parts.append(repeated)
    return np.concatenate(parts, axis).astype(np.float32)


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
