"""Pre-emphasis of high frequencies, and its inverse."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor

# Share of an impulse at which the response of `DeEmphasis` ends: below float32's resolution.
_NEGLIGIBLE = 1e-9


class _Emphasis(StreamingLayer):
    """Base class of both directions: coefficient, precision and past samples."""

    def __init__(self, coefficient: float, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if not 0 < coefficient < 1:
            raise ConfigError(f"`coefficient` must be between 0 and 1; received {coefficient}.")
        self.coefficient = coefficient

    @property
    def past_samples(self) -> int:
        """Samples before the newest on which a sample depends."""
        raise NotImplementedError

    def initial_state(self, batch_size: int | Tensor) -> State:
        return {"past": ops.zeros((batch_size, self.past_samples))}

    def _filtered(self, samples: Tensor) -> Tensor:
        """Returns the filtered samples, fewer by `past_samples`."""
        raise NotImplementedError

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        samples = ops.concatenate([state["past"], x], axis=1)
        return self._filtered(samples), {"past": samples[:, ops.shape(x)[1] :]}

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "coefficient": self.coefficient}


@keras.saving.register_keras_serializable(package="tfse")
class PreEmphasis(_Emphasis):
    """First difference of a waveform: y[n] = x[n] - coefficient * x[n - 1].

    Args:
        coefficient: between 0 and 1.

    Shapes:
        `[batch, samples]` -> the same, float32. State `past`: `[batch, 1]`.

    Raises:
        ConfigError: `coefficient` is out of range.
    """

    @property
    def past_samples(self) -> int:
        """The one sample before."""
        return 1

    def _filtered(self, samples: Tensor) -> Tensor:
        return samples[:, 1:] - self.coefficient * samples[:, :-1]


@keras.saving.register_keras_serializable(package="tfse")
class DeEmphasis(_Emphasis):
    """Inverse of `PreEmphasis`: y[n] = x[n] + coefficient * y[n - 1], without a loop.

    The recursion is a sum over the past, sum over k of coefficient^k x[n - k]. Its first 2^m
    terms are m stages z[n] = x[n] + coefficient^s x[n - s] with s = 1, 2, 4, ..., 2^(m - 1);
    the terms beyond are below 1e-9.

    Args:
        coefficient: between 0 and 1.

    Shapes:
        `[batch, samples]` -> the same, float32. State `past`: `[batch, 2^m - 1]`.

    Raises:
        ConfigError: `coefficient` is out of range.
    """

    @property
    def _stages(self) -> int:
        return math.ceil(math.log2(math.log(_NEGLIGIBLE) / math.log(self.coefficient)))

    @property
    def past_samples(self) -> int:
        """Length of the impulse response, less one."""
        return int(2**self._stages - 1)

    def _filtered(self, samples: Tensor) -> Tensor:
        for stage in range(self._stages):
            step = 2**stage
            samples = samples[:, step:] + self.coefficient**step * samples[:, :-step]
        return samples
