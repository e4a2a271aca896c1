"""Axes of units of a DPCRN's weights."""

from __future__ import annotations

import re
from collections.abc import Callable

import keras

from tfse.errors import ModelError
from tfse.models.widening.copies import Axes, Axis, inputs, outputs

_GATES = 4


class DPCRNAxes:
    """Axes of units of the weights of a narrow and a wide DPCRN.

    Args:
        wide: the wide model.
        narrow: the narrow one.

    Raises:
        ModelError: the models have other numbers of stages or blocks.
    """

    def __init__(self, wide: keras.Model, narrow: keras.Model) -> None:
        self._old, self._new = _Sizes(narrow), _Sizes(wide)
        old, new = self._old, self._new
        if old.stages != new.stages or old.blocks != new.blocks or not old.stages:
            raise ModelError(
                "both models must be DPCRNs with the same number of stages and blocks; received "
                f"{old.stages} and {new.stages} stages, {old.blocks} and {new.blocks} blocks."
            )

    def axes(self, path: str) -> Axes:
        """Returns the axes of a weight."""
        if m := re.match(r"(encoder|decoder)_(\d+)(_norm|_prelu)?/(\w+)$", path):
            return self._stage(m[1], int(m[2]), m[4] == "kernel")
        stream = self._outputs(_Sizes.stream)
        if m := re.match(r"(dual_path_\d+/\w+/\w+)/lstm_cell/(\w+)$", path):
            lstm = m[1]
            gates = self._outputs(lambda s: _GATES * [s.units(lstm)])
            if m[2] == "kernel":
                return {0: self._inputs(_Sizes.stream), 1: gates}
            if m[2] == "recurrent_kernel":
                return {0: self._inputs(lambda s: [s.units(lstm)]), 1: gates}
            return {0: gates}
        if m := re.match(r"(dual_path_\d+)/(frequency|time)_dense/kernel$", path):
            names = (
                ("frequency/forward", "frequency/backward")
                if m[2] == "frequency"
                else ("time/lstm",)
            )
            lstms = [f"{m[1]}/{name}" for name in names]
            return {0: self._inputs(lambda s: [s.units(lstm) for lstm in lstms]), 1: stream}
        return {-1: stream} if path.startswith("dual_path_") else {}

    def _stage(self, side: str, stage: int, is_kernel: bool) -> Axes:
        """Returns the axes of a convolution; channels of input and mask are not units."""
        axes: dict[int, Axis] = {}
        if side == "encoder":
            written = self._outputs(lambda s: [s.channels(stage)])
            if is_kernel and stage > 0:
                axes[2] = self._inputs(lambda s: [s.channels(stage - 1)])
        else:
            written = self._outputs(lambda s: [s.decoded(stage)])
            if is_kernel:
                axes[2] = self._inputs(lambda s: [s.channels(stage), s.decoded(stage + 1)])
            if stage == 0:
                return axes
        return {**axes, -1: written}

    def _inputs(self, pieces: Callable[[_Sizes], list[int]]) -> Axis:
        return inputs(pieces(self._old), pieces(self._new))

    def _outputs(self, pieces: Callable[[_Sizes], list[int]]) -> Axis:
        return outputs(pieces(self._old), pieces(self._new))


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

    def stream(self) -> list[int]:
        """Channels between the dual-path blocks, as the one piece of an axis."""
        return [self.channels(self.stages - 1)]

    def decoded(self, stage: int) -> int:
        """Channels into a decoder stage besides its skip connection, or out of the last stage."""
        if stage == self.stages:
            return self.channels(stage - 1)
        return self._shapes[f"decoder_{stage}/kernel"][3]

    def units(self, lstm: str) -> int:
        """Units of an LSTM, in one direction."""
        return self._shapes[f"{lstm}/lstm_cell/recurrent_kernel"][0]
