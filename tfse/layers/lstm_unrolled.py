"""LSTMs without a loop, for runtimes of devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfse.types import Tensor


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
    hidden, cell_state = state
    outputs = []
    for gates in _input_gates(lstm, rows):
        gates = gates + ops.matmul(hidden, lstm.cell.recurrent_kernel)
        hidden, cell_state = _advanced(lstm.cell, gates, cell_state)
        outputs.append(hidden)
    return ops.stack(outputs, axis=1), hidden, cell_state


def unrolled_both_ways(
    forward: keras.layers.LSTM, backward: keras.layers.LSTM, rows: Tensor
) -> Tensor:
    """Runs two LSTMs from both ends at once, without a loop and from zero.

    Both take a step together, as two halves of the same rows: all but the
    product with their own weights is one operation for both, which makes the
    graph a third smaller.

    Args:
        forward: begins with the first step.
        backward: begins with the last.
        rows: `[rows, steps, channels]`, the number of steps known.

    Returns:
        Hidden of both in the order of `rows`, `[rows, steps, 2 * units]`.
    """
    kernels = [lstm.cell.recurrent_kernel for lstm in (forward, backward)]
    towards = zip(_input_gates(forward, rows), _input_gates(backward, rows)[::-1], strict=True)
    cell_state: Tensor | None = None
    outputs: list[Any] = []
    for pair in towards:
        gates = ops.concatenate(pair, axis=0)
        if outputs:
            products = [ops.matmul(*both) for both in zip(outputs[-1], kernels, strict=True)]
            gates = gates + ops.concatenate(products, axis=0)
        hidden, cell_state = _advanced(forward.cell, gates, cell_state)
        outputs.append(ops.split(hidden, 2, axis=0))
    up, down = zip(*outputs, strict=True)
    return ops.concatenate([ops.stack(up, axis=1), ops.stack(down[::-1], axis=1)], axis=-1)


def _input_gates(lstm: keras.layers.LSTM, rows: Tensor) -> Any:
    """Returns what the input gives to the gates, a tensor for each step."""
    return ops.unstack(ops.matmul(rows, lstm.cell.kernel) + lstm.cell.bias, axis=1)


def _advanced(
    cell: keras.layers.LSTMCell, gates: Tensor, cell_state: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Returns hidden and cell after a step; a cell of None is zero and costs nothing."""
    i, f, c, o = ops.split(gates, 4, axis=-1)
    fresh = cell.recurrent_activation(i) * cell.activation(c)
    cell_state = fresh if cell_state is None else cell.recurrent_activation(f) * cell_state + fresh
    return cell.recurrent_activation(o) * cell.activation(cell_state), cell_state
