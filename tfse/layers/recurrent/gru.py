"""GRU over time, whose gradient is one product per weight for all frames."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from tfse.layers.channels.grouped_kernel import check_groups, dense_kernel
from tfse.layers.lowering import is_lowering
from tfse.layers.streaming import State, StreamingLayer
from tfse.types import Shape, Tensor

# Frames per loop iteration: an iteration has the overhead of several operations.
_BLOCK = 8


@keras.saving.register_keras_serializable(package="tfse")
class TimeGRU(StreamingLayer):
    """GRU over time; independent per band, with shared weights, if there are bands.

        z, r = sigmoid(x W_zr + b_zr + h U_zr)
        n    = tanh(x W_n + b_n + r * (h U_n + c))
        h    = n + z * (h - n)

    The bands of all examples are rows of one product, and the input's part of the gates is
    one product for all frames. The gradient is explicit: it recomputes the gates from the
    hidden states, so the loop stores nothing else, and the gradients of the weights are
    one product each instead of a sum over frames.

    Args:
        units: size of the hidden state.
        groups: of channels and units; each is a GRU of its own.

    Shapes:
        `[batch, frames, channels]` -> `[batch, frames, units]`, or
        `[batch, frames, bands, channels]` -> `[batch, frames, bands, units]`.
        State `hidden`: `[batch, units]` or `[batch, bands, units]`.
        `kernel` `[channels / groups, 3 * units]`, `recurrent_kernel` `[units / groups,
        3 * units]`, `bias` `[3 * units]`, all in the order z, r, n, within each the units of
        the first group first; `recurrent_bias` c `[units]`.

    Raises:
        ConfigError: `groups` does not divide channels and units.

    Source:
        Cho et al., EMNLP 2014, with the reset gate after the recurrent product, as in
        cuDNN and PyTorch. Their second bias for z and r is redundant and left out.
    """

    def __init__(self, units: int, groups: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.groups = groups

    def build(self, input_shape: Shape) -> None:
        check_groups(self.groups, input_shape[-1], self.units)
        self._bands: tuple[int, ...] = tuple(input_shape[2:-1])
        gates = 3 * self.units
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1] // self.groups, gates),
            initializer="glorot_uniform",
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel",
            shape=(self.units // self.groups, gates),
            initializer="orthogonal",
        )
        self.bias = self.add_weight(name="bias", shape=(gates,), initializer="zeros")
        self.recurrent_bias = self.add_weight(
            name="recurrent_bias", shape=(self.units,), initializer="zeros"
        )

    def initial_state(self, batch_size: int | Tensor) -> State:
        shape = (batch_size, *self._bands, self.units)
        return {"hidden": ops.zeros(shape, self.compute_dtype)}

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        hidden = ops.reshape(state["hidden"], (-1, self.units))
        gates = ops.matmul(x, dense_kernel(self.kernel, self.groups, gates=3)) + self.bias
        shape = (-1, *self._bands, self.units)
        if x.shape[1] == 1:
            # One frame needs no loop; graphs without loops convert to every runtime.
            gates = ops.reshape(gates, (-1, 3 * self.units))
            hidden = _step(gates, hidden, *self._recurrent(gates.dtype))
            hidden = ops.reshape(hidden, shape)
            return hidden[:, None], {"hidden": hidden}
        hiddens = self._run(self._to_rows(gates, ops.shape(hidden)[0]), hidden)
        next_hidden = ops.reshape(hiddens[-1], shape)
        return self._from_rows(hiddens), {"hidden": next_hidden}

    def _recurrent(self, dtype: Any) -> tuple[Tensor, Tensor]:
        """Returns the recurrent weights in the dtype of the gates."""
        kernel = dense_kernel(ops.cast(self.recurrent_kernel, dtype), self.groups, gates=3)
        return kernel, ops.cast(self.recurrent_bias, dtype)

    def _run(self, gates: Tensor, hidden: Tensor) -> Tensor:
        """Returns the hidden states, `[frames, rows, units]`."""
        return run_gru(gates, hidden, *self._recurrent(gates.dtype))

    def _to_rows(self, gates: Tensor, rows: int | Tensor) -> Tensor:
        axes = (1, 0, *range(2, len(gates.shape)))
        return ops.reshape(ops.transpose(gates, axes), (ops.shape(gates)[1], rows, 3 * self.units))

    def _from_rows(self, hiddens: Tensor) -> Tensor:
        frames = ops.shape(hiddens)[0]
        y = ops.reshape(hiddens, (frames, -1, *self._bands, self.units))
        return ops.transpose(y, (1, 0, *range(2, len(y.shape))))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "groups": self.groups}


def run_gru(gates: Tensor, hidden: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """Returns the hidden states of a GRU, see `TimeGRU`; under `lowering` without a loop.

    Args:
        gates: the input's part of the gates, `[frames, rows, 3 * units]`.
        hidden: state before the first frame, `[rows, units]`.
        kernel: recurrent kernel, `[units, 3 * units]`.
        bias: recurrent bias c, `[units]`.

    Returns:
        `[frames, rows, units]`.
    """
    run = _unrolled if is_lowering() else _run
    return run(gates, hidden, kernel, bias)


def _step(gates: Tensor, hidden: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """Returns the next hidden state, `[rows, units]`, from the input's part of the gates."""
    both, fresh = _split(gates, kernel)
    return _split_step(both, fresh, hidden, kernel, _bias_of_product(bias))


def _split(gates: Tensor, kernel: Tensor) -> Any:
    """Returns the gates z and r, and the candidate n."""
    return ops.split(gates, [2 * kernel.shape[0]], axis=-1)  # the state's size may be open


def _split_step(
    both: Tensor, fresh: Tensor, hidden: Tensor, kernel: Tensor, bias: Tensor
) -> Tensor:
    """Returns the next hidden state, from the parts of `_split` and the bias of the product."""
    recurrent_both, recurrent = _split(ops.matmul(hidden, kernel) + bias, kernel)
    update, reset = ops.split(ops.sigmoid(both + recurrent_both), 2, axis=-1)
    candidate = ops.tanh(fresh + reset * recurrent)
    return candidate + update * (hidden - candidate)


def _bias_of_product(bias: Tensor) -> Tensor:
    """Returns the bias of all three gates, which device runtimes add in the product itself."""
    return ops.pad(bias, [[2 * bias.shape[0], 0]])


def _unrolled(gates: Tensor, hidden: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """Runs the GRU over time-major gates without a loop; the number of frames is static."""
    both, fresh = (ops.unstack(part, axis=0) for part in _split(gates, kernel))
    bias = _bias_of_product(bias)
    hiddens = []
    for frame in zip(both, fresh, strict=True):
        hidden = _split_step(*frame, hidden, kernel, bias)
        hiddens.append(hidden)
    return ops.stack(hiddens, axis=0)


@ops.custom_gradient
def _run(gates: Tensor, hidden: Tensor, kernel: Tensor, bias: Tensor) -> Any:
    """Runs the GRU over time-major gates; returns the result and its gradient function.

    Shapes:
        gates `[frames, rows, 3 * units]`, hidden `[rows, units]` -> `[frames, rows, units]`.
    """

    def block(before: Tensor, gates: Tensor) -> tuple[Tensor, Tensor]:
        return _carry_and_output(_unrolled(gates, before[-1], kernel, bias))

    first = ops.tile(hidden[None], (_BLOCK, 1, 1))
    _, hiddens = ops.scan(block, first, _to_blocks(gates))
    hiddens = _from_blocks(hiddens, ops.shape(gates)[0])

    def gradient(*upstream: Any, **_: Any) -> Any:
        # PyTorch passes a context as the first argument.
        return _gradient(gates, hidden, hiddens, kernel, bias, upstream[-1])

    return hiddens, gradient


def _gradient(
    gates: Tensor, hidden: Tensor, hiddens: Tensor, kernel: Tensor, bias: Tensor, upstream: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Returns the gradients with respect to `gates`, `hidden`, `kernel` and `bias`."""
    units = kernel.shape[0]  # that of the state may be open
    before = ops.concatenate([hidden[None], hiddens[:-1]], axis=0)
    recurrent = ops.matmul(before, kernel)
    update, reset = ops.split(
        ops.sigmoid(gates[..., : 2 * units] + recurrent[..., : 2 * units]), 2, axis=-1
    )
    product = recurrent[..., 2 * units :] + bias
    candidate = ops.tanh(gates[..., 2 * units :] + reset * product)
    # Derivatives of h with respect to the arguments of the sigmoids and the tanh.
    by_candidate = (1.0 - update) * (1.0 - ops.square(candidate))
    by_update = (before - candidate) * update * (1.0 - update)
    by_reset = by_candidate * product * reset * (1.0 - reset)
    by_recurrent = ops.concatenate([by_update, by_reset, by_candidate * reset], axis=-1)

    totals, first = _backward(upstream, update, by_recurrent, ops.transpose(kernel))
    by_recurrent = ops.tile(totals, (1, 1, 3)) * by_recurrent
    by_gates = ops.concatenate([by_recurrent[..., : 2 * units], totals * by_candidate], axis=-1)
    rows = ops.reshape(by_recurrent, (-1, 3 * units))
    by_kernel = ops.matmul(ops.transpose(ops.reshape(before, (-1, units))), rows)
    return by_gates, first, by_kernel, ops.sum(rows[:, 2 * units :], axis=0)


def _backward(
    upstream: Tensor, update: Tensor, by_recurrent: Tensor, transposed: Tensor
) -> tuple[Tensor, Tensor]:
    """Returns the total gradients of all hidden states, and that of the initial state."""

    def block(carried: Tensor, inputs: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        later, totals = carried[0], []
        for frame in reversed(list(zip(*(ops.unstack(x, axis=0) for x in inputs), strict=True))):
            upstream, update, by_recurrent = frame
            total = upstream + later
            later = total * update + ops.matmul(ops.tile(total, (1, 3)) * by_recurrent, transposed)
            totals.append(total)
        # The gradient for the preceding frame is carried in front of those of the block.
        return _carry_and_output(ops.stack([later, *reversed(totals)], axis=0))

    last = ops.zeros_like(upstream[:1])
    blocks = (_to_blocks(upstream), _to_blocks(update), _to_blocks(by_recurrent))
    # Padding after the last frame has no gradient: zeros pass through it.
    carried, totals = ops.scan(block, ops.tile(last, (_BLOCK + 1, 1, 1)), blocks, reverse=True)
    return _from_blocks(totals[:, 1:], ops.shape(upstream)[0]), carried[0]


def _carry_and_output(x: Tensor) -> tuple[Tensor, Tensor]:
    """Returns a tensor as both carry and output of a scan step."""
    return x, x


def _to_blocks(x: Tensor) -> Tensor:
    """Returns `[blocks, frames per block, rows, channels]`, padded with zeros."""
    frames = ops.shape(x)[0]
    x = ops.pad(x, [[0, -frames % _BLOCK], [0, 0], [0, 0]])
    return ops.reshape(x, (-1, _BLOCK, ops.shape(x)[1], x.shape[-1]))


def _from_blocks(x: Tensor, frames: int | Tensor) -> Tensor:
    return ops.reshape(x, (-1, ops.shape(x)[2], x.shape[-1]))[:frames]
