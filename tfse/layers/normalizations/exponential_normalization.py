"""Causal normalizations by an exponential mean with an initial value."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.normalizations.exponential_average import exponential_average
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor

# Smallest mean magnitude by which a bin is divided: digital silence stays finite.
_FLOOR = 1e-12


class _ExponentialNormalization(StreamingLayer):
    """Base class: the exponential mean of every band, in float32.

        m[t] = a m[t-1] + (1 - a) v[t]

    from m[-1], evenly spaced from `first` in the lowest band to `last` in the highest. A
    stream starts with a state of zeros, so the state is the mean that starts from zero; the
    share of the initial value, a^(t+1), is added from the number of frames so far.
    """

    def __init__(self, time_constant: float, first: float, last: float, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if not time_constant > 0:
            raise ConfigError(f"`time_constant` must be above 0; received {time_constant}.")
        self.time_constant = time_constant
        self.first = first
        self.last = last

    def build(self, input_shape: Shape) -> None:
        self._bands = input_shape[2]
        self._initial = np.linspace(self.first, self.last, self._bands, dtype=np.float32)

    def initial_state(self, batch_size: int | Tensor) -> State:
        return {
            "mean": ops.zeros((batch_size, self._bands)),
            "frames": ops.zeros((batch_size, 1)),
        }

    def _means(self, values: Tensor, state: State) -> tuple[Tensor, State]:
        """Returns the mean up to every frame, `[batch, frames, bands]`, and the next state."""
        means = exponential_average(values, state["mean"], self.time_constant)
        count = ops.cast(ops.arange(1, ops.shape(values)[1] + 1), "float32")
        frames = state["frames"] + count[None]
        share = ops.exp(frames * np.float32(-1.0 / self.time_constant))
        next_state = {"mean": means[:, -1], "frames": frames[:, -1:]}
        return means + share[..., None] * self._initial, next_state

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "time_constant": self.time_constant,
            "first": self.first,
            "last": self.last,
        }


@keras.saving.register_keras_serializable(package="tfse")
class ExponentialMeanNormalization(_ExponentialNormalization):
    """Subtraction of the exponential mean of every band, (x - m) / scale.

    Args:
        time_constant: in frames: a = exp(-1 / time_constant).
        first: initial mean of the lowest band.
        last: initial mean of the highest band.
        scale: divisor of the difference.

    Shapes:
        `[batch, frames, bands]` -> the same, float32. State `mean` `[batch, bands]`, without
        the initial value, and `frames` so far `[batch, 1]`.

    Raises:
        ConfigError: `time_constant` is not above 0.

    Source:
        Schroeter et al., "DeepFilterNet", ICASSP 2022, section 2.2; initial values of libDF.
    """

    def __init__(
        self,
        time_constant: float,
        first: float = -60.0,
        last: float = -90.0,
        scale: float = 40.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(time_constant, first, last, **kwargs)
        self.scale = scale

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        means, next_state = self._means(x, state)
        return (x - means) * np.float32(1.0 / self.scale), next_state

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self.scale}


@keras.saving.register_keras_serializable(package="tfse")
class ExponentialUnitNormalization(_ExponentialNormalization):
    """Division of every bin by the root of its exponential mean magnitude, X / sqrt(m).

    Args:
        time_constant: in frames: a = exp(-1 / time_constant).
        first: initial mean magnitude of the lowest bin.
        last: initial mean magnitude of the highest bin.

    Shapes:
        `[batch, frames, bins, 2]`, real and imaginary part -> the same, float32. State `mean`
        `[batch, bins]`, without the initial value, and `frames` so far `[batch, 1]`.

    Raises:
        ConfigError: `time_constant` is not above 0.

    Source:
        Schroeter et al., "DeepFilterNet", ICASSP 2022, section 2.2; initial values of libDF.
    """

    def __init__(
        self, time_constant: float, first: float = 1e-3, last: float = 1e-4, **kwargs: Any
    ) -> None:
        super().__init__(time_constant, first, last, **kwargs)

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        # The floor keeps the gradient of the root finite.
        magnitude = ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=-1), _FLOOR**2))
        means, next_state = self._means(magnitude, state)
        return x * ops.rsqrt(ops.maximum(means, _FLOOR))[..., None], next_state
