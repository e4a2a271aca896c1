"""Latent code of a generative model, drawn once."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from tfse.errors import ConfigError
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class LatentCode(keras.layers.Layer):
    """Concatenation of a normally distributed code in front of the channels of each window.

    The code is drawn from a seed and is the same in every window, so that a model returns the
    same output for the same input.

    Args:
        channels: of the code.
        standard_deviation: of its values; 0 for a code of zeros.
        seed: of `numpy.random.RandomState`, whose numbers never change.

    Shapes:
        `[batch, windows, samples, features]` ->
        `[batch, windows, samples, channels + features]`.

    Raises:
        ConfigError: a number is out of range.
    """

    is_framewise = True

    def __init__(
        self, channels: int, standard_deviation: float = 1.0, seed: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if channels < 1 or standard_deviation < 0:
            raise ConfigError(
                "`channels` must be 1 or more and `standard_deviation` not negative; received "
                f"channels={channels}, standard_deviation={standard_deviation}."
            )
        self.channels = channels
        self.standard_deviation = standard_deviation
        self.seed = seed

    def build(self, input_shape: Shape) -> None:
        draws = np.random.RandomState(self.seed).standard_normal((input_shape[2], self.channels))
        self._code = (self.standard_deviation * draws).astype(np.float32)

    def call(self, x: Tensor) -> Tensor:
        code = ops.cast(self._code, x.dtype)
        shape = (*ops.shape(x)[:2], *self._code.shape)
        return ops.concatenate([ops.broadcast_to(code, shape), x], axis=-1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.channels + input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "channels": self.channels,
            "standard_deviation": self.standard_deviation,
            "seed": self.seed,
        }
