"""Exponential means over time, written for training graphs and for devices."""

from __future__ import annotations

import math

from keras import ops

from tfse.layers.lowering import is_lowering
from tfse.types import Tensor


def exponential_sums(values: Tensor, last: Tensor, time_constant: float) -> Tensor:
    """Returns s[t] = a s[t-1] + (1 - a) values[t] for every frame; a = exp(-1 / time_constant).

    A mean that is right from the first frame on is the sum of values over that of ones.

    Args:
        values: `[batch, frames, n]`.
        last: s before the first frame, `[batch, n]`.
        time_constant: in frames.

    Shapes:
        -> `[batch, frames, n]`
    """
    decay = math.exp(-1.0 / time_constant)

    def step(last: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        last = decay * last + (1.0 - decay) * value
        return last, last

    # One frame needs no loop, and a graph without one converts everywhere.
    if values.shape[1] == 1 or is_lowering():
        sums = []
        for value in ops.unstack(values, axis=1):
            last, _ = step(last, value)
            sums.append(last)
        return ops.stack(sums, axis=1)
    _, by_frame = ops.scan(step, last, ops.transpose(values, (1, 0, 2)))
    return ops.transpose(by_frame, (1, 0, 2))
