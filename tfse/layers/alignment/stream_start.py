"""Start of a delayed signal: what precedes its first sample counts as zero."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class StartGate(StreamingLayer):
    """Gate that is 0 in the first frames of a stream, and 1 from then on.

    A layer with look-ahead runs on a delayed signal, so its first outputs belong to times
    before sample 0. The zeros there do not stay zero behind a bias; a recording, however,
    begins with sample 0.

    Args:
        frames: for which the gate is 0.

    Shapes:
        `[batch, frames, ...]` -> `[batch, frames, 1]`, float32. State `passed`, the number of
        frames so far, up to `frames`: `[batch, 1]`.

    Raises:
        ConfigError: `frames` is negative.
    """

    def __init__(self, frames: int, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        if frames < 0:
            raise ConfigError(f"`frames` must not be negative; received {frames}.")
        self.frames = frames

    def initial_state(self, batch_size: int | Tensor) -> State:
        return {"passed": ops.zeros((batch_size, 1))}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        count = ops.shape(x)[1]
        number = state["passed"] + ops.arange(1, count + 1, dtype="float32")[None]
        gate = ops.clip(number - float(self.frames), 0.0, 1.0)
        passed = ops.minimum(number[:, -1:], float(self.frames))
        return gate[..., None], {"passed": passed}

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:2], 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "frames": self.frames}


@keras.saving.register_keras_serializable(package="tfse")
class GateFrames(keras.layers.Layer):
    """Product of frames and a gate of a lower frame rate.

    Args:
        frames_per_gate: frames that one value of the gate multiplies.

    Shapes:
        frames `[batch, n * frames_per_gate, channels]`, gate `[batch, n, 1]` -> that of the
        frames.
    """

    is_framewise = True

    def __init__(self, frames_per_gate: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.frames_per_gate = frames_per_gate

    def call(self, x: Tensor, gate: Tensor) -> Tensor:
        # One value of the gate needs no reshaping, which would be two operations on a device.
        if gate.shape[1] == 1:
            return x * gate
        grouped = ops.reshape(x, (-1, ops.shape(gate)[1], self.frames_per_gate * x.shape[-1]))
        return ops.reshape(grouped * gate, ops.shape(x))

    def compute_output_shape(self, x_shape: Shape, gate_shape: Shape) -> Shape:
        return x_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "frames_per_gate": self.frames_per_gate}
