"""LSTMs: over time, which streams, and over frequency, inside one frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError
from tfse.layers.lowering import is_lowering
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor


@keras.saving.register_keras_serializable(package="tfse")
def keras2_hard_sigmoid(x: Tensor) -> Tensor:
    """Returns clip(0.2 x + 0.5, 0, 1), the hard sigmoid of Keras 1 and 2.

    Keras 3 redefined `hard_sigmoid` as relu6(x + 3) / 6. Weights trained with
    the old one, those published for DPCRN among them, need it back.
    """
    return ops.clip(0.2 * x + 0.5, 0.0, 1.0)


# cuDNN runs an LSTM only if its gates are the plain sigmoid.
_GATES: dict[str, Callable[[Tensor], Tensor]] = {
    "keras2_hard_sigmoid": keras2_hard_sigmoid,
    "sigmoid": keras.activations.sigmoid,
}


def gate_activation(name: str) -> Callable[[Tensor], Tensor]:
    """Returns the activation of an LSTM's gates by its name.

    Raises:
        ConfigError: no such name.
    """
    if name not in _GATES:
        raise ConfigError(
            f"`recurrent_activation` must be one of {sorted(_GATES)}; received {name!r}."
        )
    return _GATES[name]


def unrolled(
    lstm: keras.layers.LSTM, rows: Tensor, state: Sequence[Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Runs an LSTM without a loop: each step stands in the graph by itself.

    Device runtimes run a loop slowly, and calibration for int8 dies on one.
    The part of the gates that depends on the input alone is one product.

    Args:
        lstm: its weights.
        rows: `[rows, steps, channels]`, the number of steps known.
        state: hidden and cell before the first step, `[rows, units]` each.

    Returns:
        Hidden of every step, `[rows, steps, units]`, and hidden and cell after the last.
    """
    hidden, past = state
    outputs = []
    for gates in _input_gates(lstm, rows):
        gates = gates + ops.matmul(hidden, lstm.cell.recurrent_kernel)
        hidden, past = _advanced(lstm.cell, gates, past)
        outputs.append(hidden)
    return ops.stack(outputs, axis=1), hidden, past


def unrolled_both_ways(
    rising: keras.layers.LSTM, falling: keras.layers.LSTM, rows: Tensor
) -> Tensor:
    """Runs two LSTMs from both ends at once, without a loop and from zero.

    Both take a step together, as two halves of the same rows: all but the
    product with their own weights is one operation for both, which makes the
    graph a third smaller.

    Args:
        rising: begins with the first step.
        falling: begins with the last.
        rows: `[rows, steps, channels]`, the number of steps known.

    Returns:
        Hidden of both in the order of `rows`, `[rows, steps, 2 * units]`.
    """
    kernels = [lstm.cell.recurrent_kernel for lstm in (rising, falling)]
    towards = zip(_input_gates(rising, rows), _input_gates(falling, rows)[::-1], strict=True)
    past: Tensor | None = None
    outputs: list[Any] = []
    for pair in towards:
        gates = ops.concatenate(pair, axis=0)
        if outputs:
            products = [ops.matmul(*both) for both in zip(outputs[-1], kernels, strict=True)]
            gates = gates + ops.concatenate(products, axis=0)
        hidden, past = _advanced(rising.cell, gates, past)
        outputs.append(ops.split(hidden, 2, axis=0))
    up, down = zip(*outputs, strict=True)
    return ops.concatenate([ops.stack(up, axis=1), ops.stack(down[::-1], axis=1)], axis=-1)


def _input_gates(lstm: keras.layers.LSTM, rows: Tensor) -> Any:
    """Returns what the input gives to the gates, a tensor for each step."""
    return ops.unstack(ops.matmul(rows, lstm.cell.kernel) + lstm.cell.bias, axis=1)


def _advanced(
    cell: keras.layers.LSTMCell, gates: Tensor, past: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Returns hidden and cell after a step; a cell of None is zero and costs nothing."""
    i, f, c, o = ops.split(gates, 4, axis=-1)
    fresh = cell.recurrent_activation(i) * cell.activation(c)
    past = fresh if past is None else cell.recurrent_activation(f) * past + fresh
    return cell.recurrent_activation(o) * cell.activation(past), past


@keras.saving.register_keras_serializable(package="tfse")
class TimeLSTM(StreamingLayer):
    """LSTM over time; for each bin by itself, with shared weights, if there are bins.

    Args:
        units: of the hidden state.
        recurrent_activation: of the gates: "sigmoid", or `keras2_hard_sigmoid`.

    Shapes:
        `[batch, frames, channels]` -> `[batch, frames, units]`, or
        `[batch, frames, bins, channels]` -> `[batch, frames, bins, units]`.
        State `hidden` and `cell`: `[batch, units]` or `[batch, bins, units]`.
        Gates in the order i f c o, with one bias.

    Source:
        Hochreiter and Schmidhuber, Neural Computation 9(8), 1997; forget gate
        of Gers et al., 2000, its bias starting at 1.
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
        past = [ops.reshape(state[name], (-1, self.units)) for name in ("hidden", "cell")]
        # The loop over time must know as much of the input's rows as of the state's.
        rows = self._to_rows(x, ops.shape(past[0])[0])
        if rows.shape[1] == 1:
            # One frame needs no loop, and a graph without one converts everywhere.
            y, (hidden, cell) = self.lstm.cell(ops.squeeze(rows, 1), past)
            y = y[:, None]
        elif is_lowering():
            y, hidden, cell = unrolled(self.lstm, rows, past)
        else:
            y, hidden, cell = self.lstm(rows, initial_state=past)
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
    """Bidirectional LSTM over the bins of each frame by itself.

    It sees one frame, so it has no state and its model can stream.

    Args:
        units: of each direction.
        recurrent_activation: of the gates: "sigmoid", or `keras2_hard_sigmoid`.

    Shapes:
        `[batch, frames, bins, channels]` -> `[batch, frames, bins, 2 * units]`, the
        direction of rising frequency first.

    Source:
        Schuster and Paliwal, IEEE Trans. Signal Processing 45(11), 1997.
    """

    keeps_to_its_frame = True

    def __init__(self, units: int, recurrent_activation: str = "sigmoid", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.recurrent_activation = recurrent_activation
        # Not keras.layers.Bidirectional: it copies its layer through the config, and
        # while a model is loaded Keras (3.15) may take the copy for another layer
        # that had the same address in memory.
        self.rising = self._direction("rising", go_backwards=False)
        self.falling = self._direction("falling", go_backwards=True)

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
        for direction in (self.rising, self.falling):
            direction.build((None, *input_shape[2:]))

    def call(self, x: Tensor) -> Tensor:
        bins, channels = x.shape[2:]
        rows = ops.reshape(x, (-1, bins, channels))
        if is_lowering():
            y = unrolled_both_ways(self.rising, self.falling, rows)
        else:
            y = ops.concatenate([self.rising(rows), ops.flip(self.falling(rows), axis=1)], axis=-1)
        return ops.reshape(y, (-1, ops.shape(x)[1], bins, 2 * self.units))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], 2 * self.units)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "recurrent_activation": self.recurrent_activation,
        }
