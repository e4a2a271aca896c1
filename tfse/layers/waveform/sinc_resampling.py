"""Resampling by 2 with windowed sinc kernels, as streaming layers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor

#: Samples of the lower rate by which both resamplers are late: half their kernel.
RESAMPLING_DELAY = 56


def half_sample_kernel() -> npt.NDArray[np.float32]:
    """Returns the kernel that interpolates the middle between two samples.

    112 taps of a sinc at -55.5, -54.5, ..., 55.5, under a Hann window of 225 points of which
    these are the odd ones.
    """
    position = np.arange(-RESAMPLING_DELAY, RESAMPLING_DELAY) + 0.5
    window = np.cos(np.pi * position / (2 * RESAMPLING_DELAY)) ** 2
    return (np.sinc(position) * window).astype(np.float32)


class _Resampler(StreamingLayer):
    """Base class of both directions: kernel and precision."""

    def __init__(self, **kwargs: Any) -> None:
        # As for the transform, half precision is too coarse for a waveform.
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self._kernel = half_sample_kernel()[:, None, None]

    def _middles(self, samples: Tensor) -> Tensor:
        """Returns the values between samples 55 and 56, 56 and 57, ..., `[batch, n, 1]`."""
        return ops.conv(samples, self._kernel, padding="valid", data_format="channels_last")


@keras.saving.register_keras_serializable(package="tfse")
class UpsampleByTwo(_Resampler):
    """Sinc interpolation to twice the sample rate.

        y[2n] = x[n - 56],   y[2n + 1] = value of x between n - 56 and n - 55

    The kernel reaches 56 samples ahead, by which the output is late. Samples before the first
    are zero.

    Shapes:
        `[batch, samples, 1]` -> `[batch, 2 * samples, 1]`, float32. State `past`:
        `[batch, 111, 1]`.

    Source:
        Smith and Gossett, "A flexible sampling-rate conversion method", ICASSP 1984.
    """

    def initial_state(self, batch_size: int | Tensor) -> State:
        return {"past": ops.zeros((batch_size, 2 * RESAMPLING_DELAY - 1, 1))}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        samples = ops.concatenate([state["past"], x], axis=1)
        count = ops.shape(x)[1]
        first = RESAMPLING_DELAY - 1
        pairs = [samples[:, first : first + count], self._middles(samples)]
        y = ops.reshape(ops.concatenate(pairs, axis=-1), (-1, 2 * count, 1))
        return y, {"past": samples[:, count:]}

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, samples, channels = input_shape
        return (batch, None if samples is None else 2 * samples, channels)


@keras.saving.register_keras_serializable(package="tfse")
class DownsampleByTwo(_Resampler):
    """Low-pass and decimation to half the sample rate.

        y[n] = (x[2(n - 56)] + value at 2(n - 56) of the sinc through the odd samples) / 2

    The kernel reaches 56 odd samples ahead, by which the output is late.

    Shapes:
        `[batch, 2 * samples, 1]` -> `[batch, samples, 1]`, float32. State `past`:
        `[batch, 112, 2]`, pairs of an even and an odd sample.

    Source:
        Smith and Gossett, "A flexible sampling-rate conversion method", ICASSP 1984.
    """

    def initial_state(self, batch_size: int | Tensor) -> State:
        return {"past": ops.zeros((batch_size, 2 * RESAMPLING_DELAY, 2))}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        count = ops.shape(x)[1] // 2
        pairs = ops.concatenate([state["past"], ops.reshape(x, (-1, count, 2))], axis=1)
        # Two slices: one would leave the number of channels unknown where `count` is a tensor.
        even = pairs[:, RESAMPLING_DELAY : RESAMPLING_DELAY + count][..., :1]
        return 0.5 * (even + self._middles(pairs[:, :-1, 1:])), {"past": pairs[:, count:]}

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        batch, samples, channels = input_shape
        return (batch, None if samples is None else samples // 2, channels)
