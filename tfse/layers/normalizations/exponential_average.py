"""Exponential average over frames, for training graphs and for devices."""

from __future__ import annotations

import math

from keras import ops

from tfse.layers.lowering import is_lowering
from tfse.types import Tensor


def exponential_average(values: Tensor, last: Tensor, time_constant: float) -> Tensor:
    """Returns s[t] = a s[t-1] + (1 - a) values[t] for every frame; a = exp(-1 / time_constant).

    Started from zero and divided by the same average of ones, it is the weighted mean of the
    frames so far, from the first frame on.

    Args:
        values: `[batch, frames, n]`.
        last: s before the first frame, `[batch, n]`.
        time_constant: in frames.

    Shapes:
        `[batch, frames, n]` -> the same.
    """
    decay = math.exp(-1.0 / time_constant)

    def average(last: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        last = decay * last + (1.0 - decay) * value
        return last, last

    # One frame needs no loop; graphs without loops convert to every runtime.
    if values.shape[1] == 1 or is_lowering():
        averages = []
        for value in ops.unstack(values, axis=1):
            last, _ = average(last, value)
            averages.append(last)
        return ops.stack(averages, axis=1)
    _, by_frame = ops.scan(average, last, ops.transpose(values, (1, 0, 2)))
    return ops.transpose(by_frame, (1, 0, 2))
