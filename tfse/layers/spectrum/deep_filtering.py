"""Deep filtering: a complex filter over frames for every bin, from coefficients per frame."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class FrameStack(StreamingLayer):
    """The newest frames at every frame, oldest first; frames before the first are zeros.

    Args:
        count: frames of a stack.

    Shapes:
        `[batch, frames, ...]` -> `[batch, frames, count, ...]`. State `past`:
        `[batch, count - 1, ...]`.

    Raises:
        ConfigError: `count` is below 1.
    """

    def __init__(self, count: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if count < 1:
            raise ConfigError(f"`count` must be 1 or more; received {count}.")
        self.count = count

    def build(self, input_shape: Shape) -> None:
        self._features = tuple(input_shape[2:])

    def initial_state(self, batch_size: int | Tensor) -> State:
        if self.count == 1:
            return {}
        shape = (batch_size, self.count - 1, *self._features)
        return {"past": ops.zeros(shape, self.compute_dtype)}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        if self.count == 1:
            return x[:, :, None], {}
        frames = ops.concatenate([state["past"], x], axis=1)
        count = ops.shape(x)[1]
        past = {"past": frames[:, count:]}
        if x.shape[1] == 1:
            return frames[:, None], past
        stacks = [frames[:, age : age + count] for age in range(self.count)]
        return ops.stack(stacks, axis=2), past

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:2], self.count, *input_shape[2:])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "count": self.count}


@keras.saving.register_keras_serializable(package="tfse")
class DeepFiltering(keras.layers.Layer):
    """Sum over frames of the products of spectra and complex coefficients, in float32.

    Shapes:
        stacked spectra `[batch, frames, count, bins, 2]`, see `FrameStack`, and coefficients
        `[batch, frames, bins, 2 * count]`, oldest frame first, real and imaginary part of each
        adjacent -> `[batch, frames, bins, 2]`.

    Source:
        Mack and Habets, "Deep filtering: Signal extraction and reconstruction using complex
        time-frequency filters", IEEE SPL 27, 2020, equation 2.
    """

    is_framewise = True

    def __init__(self, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)

    def call(self, stack: Tensor, coefficients: Tensor) -> Tensor:
        shape = (*ops.shape(coefficients)[:3], stack.shape[2], 2)
        taps = ops.transpose(ops.reshape(coefficients, shape), (0, 1, 3, 2, 4))
        real, imaginary = ops.split(stack, 2, axis=-1)
        tap_real, tap_imaginary = ops.split(taps, 2, axis=-1)
        parts = [
            real * tap_real - imaginary * tap_imaginary,
            real * tap_imaginary + imaginary * tap_real,
        ]
        return ops.sum(ops.concatenate(parts, axis=-1), axis=2)

    def compute_output_shape(self, stack_shape: Shape, coefficients_shape: Shape) -> Shape:
        return (*coefficients_shape[:3], 2)
