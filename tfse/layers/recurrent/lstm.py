"""LSTMs over time, with a streaming state, and over the frequencies of one frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.lowering import is_lowering
from tfse.layers.recurrent.lstm_unrolled import unrolled, unrolled_both_ways
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
def keras2_hard_sigmoid(x: Tensor) -> Tensor:
    """Returns clip(0.2 x + 0.5, 0, 1), the hard sigmoid of Keras 1 and 2.

    Keras 3 redefined `hard_sigmoid` as relu6(x + 3) / 6. Older weights, such as those
    published for DPCRN, need the previous definition.
    """
    return ops.clip(0.2 * x + 0.5, 0.0, 1.0)


# cuDNN supports only the plain sigmoid.
_GATES: dict[str, Callable[[Tensor], Tensor]] = {
    "keras2_hard_sigmoid": keras2_hard_sigmoid,
    "sigmoid": keras.activations.sigmoid,
}


def gate_activation(name: str) -> Callable[[Tensor], Tensor]:
    """Returns the activation of an LSTM's gates by name.

    Raises:
        ConfigError: no activation has this name.
    """
    if name not in _GATES:
        raise ConfigError(
            f"`recurrent_activation` must be one of {sorted(_GATES)}; received {name!r}."
        )
    return _GATES[name]


@keras.saving.register_keras_serializable(package="tfse")
class TimeLSTM(StreamingLayer):
    """LSTM over time; independent per bin, with shared weights, if there are bins.

    Args:
        units: of the hidden state.
        recurrent_activation: of the gates: "sigmoid", or `keras2_hard_sigmoid`.

    Shapes:
        `[batch, frames, channels]` -> `[batch, frames, units]`, or
        `[batch, frames, bins, channels]` -> `[batch, frames, bins, units]`.
        State `hidden` and `cell`: `[batch, units]` or `[batch, bins, units]`.
        Gates in the order i, f, c, o, with one bias.

    Source:
        Hochreiter and Schmidhuber, Neural Computation 9(8), 1997; forget gate
        of Gers et al., 2000, with an initial bias of 1.
    """

    def __init__(self, units: int, recurrent_activation: str = "sigmoid", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.recurrent_activation = recurrent_activation
        self.lstm = keras.layers.LSTM(
            units,
            recurrent_activation=gate_activation(recurrent_activation),
            return_sequences=True,
            return_state=True,
            dtype=self.dtype_policy,
            name="lstm",
        )

    def build(self, input_shape: Shape) -> None:
        self._bins: tuple[int, ...] = tuple(input_shape[2:-1])
        self.lstm.build((None, input_shape[1], input_shape[-1]))

    def initial_state(self, batch_size: int | Tensor) -> State:
        shape = (batch_size, *self._bins, self.units)
        zeros = ops.zeros(shape, self.compute_dtype)
        return {"hidden": zeros, "cell": zeros}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        before = [ops.reshape(state[name], (-1, self.units)) for name in ("hidden", "cell")]
        # The loop over time needs the same static number of rows in input and state.
        rows = self._to_rows(x, ops.shape(before[0])[0])
        if rows.shape[1] == 1:
            # One frame needs no loop; graphs without loops convert to every runtime.
            y, (hidden, cell) = self.lstm.cell(ops.squeeze(rows, 1), before)
            y = y[:, None]
        elif is_lowering():
            y, hidden, cell = unrolled(self.lstm, rows, before)
        else:
            y, hidden, cell = self.lstm(rows, initial_state=before)
        shape = (-1, *self._bins, self.units)
        next_state = {"hidden": ops.reshape(hidden, shape), "cell": ops.reshape(cell, shape)}
        return self._from_rows(y, ops.shape(x)[1]), next_state

    def _to_rows(self, x: Tensor, rows: int | Tensor) -> Tensor:
        frames, channels = ops.shape(x)[1], x.shape[-1]
        if self._bins:
            x = ops.transpose(x, (0, 2, 1, 3))
        return ops.reshape(x, (rows, frames, channels))

    def _from_rows(self, y: Tensor, frames: int | Tensor) -> Tensor:
        if not self._bins:
            return y
        return ops.transpose(ops.reshape(y, (-1, *self._bins, frames, self.units)), (0, 2, 1, 3))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "recurrent_activation": self.recurrent_activation,
        }


@keras.saving.register_keras_serializable(package="tfse")
class FrequencyBLSTM(keras.layers.Layer):
    """Bidirectional LSTM over the bins within each frame.

    Frames are independent, so the layer has no state and its model can stream.

    Args:
        units: per direction.
        recurrent_activation: of the gates: "sigmoid", or `keras2_hard_sigmoid`.

    Shapes:
        `[batch, frames, bins, channels]` -> `[batch, frames, bins, 2 * units]`,
        forward (ascending frequency) first.

    Source:
        Schuster and Paliwal, IEEE Trans. Signal Processing 45(11), 1997.
    """

    is_framewise = True

    def __init__(self, units: int, recurrent_activation: str = "sigmoid", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.recurrent_activation = recurrent_activation
        # Not keras.layers.Bidirectional: it copies its layer through the config, and while a
        # model is loaded Keras (3.15) may confuse the copy with another layer that had the
        # same address in memory.
        self.forward_lstm = self._direction("forward", go_backwards=False)
        self.backward_lstm = self._direction("backward", go_backwards=True)

    def _direction(self, name: str, *, go_backwards: bool) -> keras.layers.LSTM:
        return keras.layers.LSTM(
            self.units,
            recurrent_activation=gate_activation(self.recurrent_activation),
            return_sequences=True,
            go_backwards=go_backwards,
            # On JAX, Keras (3.15) returns the outputs of a backward cuDNN LSTM in forward order.
            use_cudnn=False if go_backwards else "auto",
            dtype=self.dtype_policy,
            name=name,
        )

    def build(self, input_shape: Shape) -> None:
        for direction in (self.forward_lstm, self.backward_lstm):
            direction.build((None, *input_shape[2:]))

    def call(self, x: Tensor) -> Tensor:
        bins, channels = x.shape[2:]
        rows = ops.reshape(x, (-1, bins, channels))
        if is_lowering():
            y = unrolled_both_ways(self.forward_lstm, self.backward_lstm, rows)
        else:
            y = ops.concatenate(
                [self.forward_lstm(rows), ops.flip(self.backward_lstm(rows), axis=1)], axis=-1
            )
        return ops.reshape(y, (-1, ops.shape(x)[1], bins, 2 * self.units))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], 2 * self.units)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "recurrent_activation": self.recurrent_activation,
        }
