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
    """Passes frames through and counts them, up to one more than `partial_frames`.

    Args:
        partial_frames: frames at the start of a stream that hold zeros before the first sample.

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

    A stream of hops begins with frames that are partly zeros before the first sample. Networks
    that were trained on frames from sample 0 on never had them, and some never lose what such
    a frame leaves in their states. Here every state but that of the `FrameCounter` is zero
    again after each partial frame. Their own outputs are kept: they are complete only together
    with the first full frame.

    In training (`training=True`) the states are not reset: batch normalization would take its
    statistics over single frames.

    Shapes:
        `[batch, frames, ...]` -> as the layers say. The model must hold one `FrameCounter`.

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
            # Where the number of frames is open, the last frame stands for those that are
            # not there, and neither its output nor its state is used.
            is_there = index < count
            if is_there is False:
                break
            first = ops.minimum(index, count - 1)
            block = x[:, first:] if index == partial else _frame(x, first)
            with StateScope(state) as inner:
                outputs.append(super().call(block, training=False))
            advanced = inner.next_state if index == partial else self._reset(inner.next_state)
            state = {**state, **_chosen(is_there, advanced, state)}
        scope.keep(streaming_layers(self), state)
        return keras.tree.map_structure(
            lambda *parts: ops.concatenate(parts, axis=1)[:, :count], *outputs
        )

    def _reset(self, state: State) -> State:
        """Returns zeros for all states but the counter's until that says a frame was full."""
        counter = self._counter()
        key = f"{counter.path}/frames"
        is_full = state[key] > counter.partial_frames
        return {
            name: value if name == key else ops.where(_of_rank(is_full, value), value, 0.0)
            for name, value in state.items()
        }

    def _counter(self) -> FrameCounter:
        for layer in self.layers:
            if isinstance(layer, FrameCounter):
                return layer
        raise ModelError(f"{self.name!r} must hold a FrameCounter; it has none.")


def _frame(x: Tensor, index: int | Tensor) -> Tensor:
    """Returns one frame, of which the graph knows that it is one."""
    return ops.expand_dims(ops.take(x, index, axis=1), 1)


def _chosen(is_there: bool | Tensor, state: State, otherwise: Mapping[str, Tensor]) -> State:
    if is_there is True:
        return state
    return {name: ops.where(is_there, value, otherwise[name]) for name, value in state.items()}


def _of_rank(flags: Tensor, like: Tensor) -> Tensor:
    """Returns `[batch, 1]` with as many axes as another tensor has."""
    return ops.reshape(flags, (-1, *[1] * (len(like.shape) - 1)))
