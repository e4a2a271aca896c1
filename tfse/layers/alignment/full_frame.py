"""Functional model whose states stay zero until the first full frame of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError, ModelError
from tfse.layers.streaming import (
    State,
    StateScope,
    StreamingLayer,
    active_scope,
    initial_state,
    streaming_layers,
)
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
class FrameCounter(StreamingLayer):
    """Identity that counts frames, up to one more than `partial_frames`.

    Args:
        partial_frames: frames at the start of a stream that contain zeros before sample 0.

    Shapes:
        `[batch, frames, ...]` -> the same. State `frames`: `[batch, 1]`, float32.

    Raises:
        ConfigError: `partial_frames` is below 1.
    """

    def __init__(self, partial_frames: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if partial_frames < 1:
            raise ConfigError(f"`partial_frames` must be at least 1; received {partial_frames}.")
        self.partial_frames = partial_frames

    def initial_state(self, batch_size: int | Tensor) -> State:
        return {"frames": ops.zeros((batch_size, 1), "float32")}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        count = state["frames"] + ops.cast(ops.shape(x)[1], "float32")
        return x, {"frames": ops.minimum(count, self.partial_frames + 1.0)}

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "partial_frames": self.partial_frames}


@keras.saving.register_keras_serializable(package="tfse")
class FullFrameModel(keras.Model):
    """Functional model on frames that starts from its zero state at the first full frame.

    A stream of hops starts with frames that are partly zeros before sample 0. Networks trained
    on frames from sample 0 on never received such frames, and some keep their effect in their
    states for good. Therefore all states but that of the `FrameCounter` are reset to zero
    after each partial frame. The outputs of partial frames are kept: overlap-add completes
    them with the first full frame.

    In training (`training=True`) states are not reset, since batch normalization would then
    compute its statistics over single frames.

    Shapes:
        `[batch, frames, ...]` -> that of the outputs. The model must contain one `FrameCounter`.

    Example:
        >>> from tfse.layers import TimeLSTM
        >>> frames = keras.Input((None, 9))
        >>> x = FrameCounter(1)(frames)
        >>> model = FullFrameModel(frames, TimeLSTM(4)(x))
    """

    def call(self, inputs: Tensor, training: bool | None = None, mask: Any = None) -> Any:
        if training:
            return super().call(inputs, training=training, mask=mask)
        scope = active_scope()
        if scope is not None:
            return self._advance(inputs, scope)
        with StateScope(initial_state(self, ops.shape(inputs)[0])) as scope:
            return self._advance(inputs, scope)

    def _advance(self, x: Tensor, scope: StateScope) -> Any:
        """Runs the frames that may be partial one by one, and the rest at once."""
        partial = self._counter().partial_frames
        count = ops.shape(x)[1]
        state = scope.state
        outputs = []
        for index in range(partial + 1):
            # With a dynamic number of frames, the last frame replaces missing ones; neither
            # its output nor its state is used.
            exists = index < count
            if exists is False:
                break
            # A known number stays one: compiled JAX cuts at known frames only.
            first = index if exists is True else ops.minimum(index, count - 1)
            block = x[:, first:] if index == partial else _frame(x, first)
            with StateScope(state) as inner:
                outputs.append(super().call(block, training=False))
            advanced = inner.next_state if index == partial else self._reset(inner.next_state)
            state = {**state, **_select(exists, advanced, state)}
        scope.keep(streaming_layers(self), state)
        return keras.tree.map_structure(
            lambda *parts: ops.concatenate(parts, axis=1)[:, :count], *outputs
        )

    def _reset(self, state: State) -> State:
        """Returns zeros for all states but the counter's while frames are partial."""
        counter = self._counter()
        key = f"{counter.path}/frames"
        is_full = state[key] > counter.partial_frames
        return {
            name: value if name == key else ops.where(_expand(is_full, value), value, 0.0)
            for name, value in state.items()
        }

    def _counter(self) -> FrameCounter:
        for layer in self.layers:
            if isinstance(layer, FrameCounter):
                return layer
        raise ModelError(f"the model {self.name!r} has no FrameCounter; add one.")


def _frame(x: Tensor, index: int | Tensor) -> Tensor:
    """Returns one frame, with a static number of frames."""
    return ops.expand_dims(ops.take(x, index, axis=1), 1)


def _select(condition: bool | Tensor, state: State, otherwise: Mapping[str, Tensor]) -> State:
    if condition is True:
        return state
    return {name: ops.where(condition, value, otherwise[name]) for name, value in state.items()}


def _expand(flags: Tensor, like: Tensor) -> Tensor:
    """Reshapes `[batch, 1]` to the rank of another tensor."""
    return ops.reshape(flags, (-1, *[1] * (len(like.shape) - 1)))
