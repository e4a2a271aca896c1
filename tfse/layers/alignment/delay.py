"""Delay along time, which aligns a signal with what a model knows of its future."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class Delay(StreamingLayer):
    """Delay by whole frames or samples: y[t] = x[t - steps], zeros before.

    A model with look-ahead is causal on a delayed signal: features pass at once, the signal
    that they enhance waits. On the path of that signal, `samples_per_step` declares the delay,
    which then counts in the latency of the model.

    Args:
        steps: frames or samples by which the output is late.
        samples_per_step: samples per frame, if the delay is that of the enhanced signal; 0
            for a delay of other tensors.

    Shapes:
        `[batch, steps, ...]` -> the same. State `past`: `[batch, steps of delay, ...]`.

    Raises:
        ConfigError: a number is negative.
    """

    def __init__(self, steps: int, samples_per_step: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if min(steps, samples_per_step) < 0:
            raise ConfigError(
                "`steps` and `samples_per_step` must not be negative; received "
                f"steps={steps}, samples_per_step={samples_per_step}."
            )
        self.steps = steps
        self.samples_per_step = samples_per_step

    @property
    def latency_samples(self) -> int:
        """Declared delay of the enhanced signal."""
        return self.steps * self.samples_per_step

    def build(self, input_shape: Shape) -> None:
        self._features = tuple(input_shape[2:])

    def initial_state(self, batch_size: int | Tensor) -> State:
        if not self.steps:
            return {}
        shape = (batch_size, self.steps, *self._features)
        return {"past": ops.zeros(shape, self.compute_dtype)}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        if not self.steps:
            return x, {}
        frames = ops.concatenate([state["past"], x], axis=1)
        count = ops.shape(x)[1]
        return frames[:, :count], {"past": frames[:, count:]}

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "steps": self.steps,
            "samples_per_step": self.samples_per_step,
        }
