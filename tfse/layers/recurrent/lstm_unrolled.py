"""Unrolled LSTMs for device runtimes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from tfse.types import Tensor


def unrolled(
    lstm: keras.layers.LSTM, rows: Tensor, state: Sequence[Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Runs an LSTM without a loop, with one graph node per step.

    Device runtimes run loops slowly, and int8 calibration crashes on them. The input's
    part of the gates is one product for all steps.

    Args:
        lstm: layer with the weights.
        rows: `[rows, steps, channels]`, with a static number of steps.
        state: hidden and cell state before the first step, `[rows, units]` each.

    Returns:
        Hidden states of all steps, `[rows, steps, units]`, and hidden and cell state after the
        last.
    """
    hidden, cell_state = state
    outputs = []
    for gates in _input_gates(lstm, rows):
        gates = gates + ops.matmul(hidden, lstm.cell.recurrent_kernel)
        hidden, cell_state = _step(lstm.cell, gates, cell_state)
        outputs.append(hidden)
    return ops.stack(outputs, axis=1), hidden, cell_state


def unrolled_both_ways(
    forward: keras.layers.LSTM, backward: keras.layers.LSTM, rows: Tensor
) -> Tensor:
    """Runs a forward and a backward LSTM together, without a loop and from zero states.

    Each step of both is computed as two halves of the same rows: all operations but the
    products with their weights are shared, which makes the graph a third smaller.

    Args:
        forward: starts with the first step.
        backward: starts with the last step.
        rows: `[rows, steps, channels]`, with a static number of steps.

    Returns:
        Hidden states of both in the order of `rows`, `[rows, steps, 2 * units]`.
    """
    kernels = [lstm.cell.recurrent_kernel for lstm in (forward, backward)]
    steps = zip(_input_gates(forward, rows), _input_gates(backward, rows)[::-1], strict=True)
    cell_state: Tensor | None = None
    outputs: list[Any] = []
    for pair in steps:
        gates = ops.concatenate(pair, axis=0)
        if outputs:
            products = [ops.matmul(*both) for both in zip(outputs[-1], kernels, strict=True)]
            gates = gates + ops.concatenate(products, axis=0)
        hidden, cell_state = _step(forward.cell, gates, cell_state)
        outputs.append(ops.split(hidden, 2, axis=0))
    ahead, back = zip(*outputs, strict=True)
    return ops.concatenate([ops.stack(ahead, axis=1), ops.stack(back[::-1], axis=1)], axis=-1)


def _input_gates(lstm: keras.layers.LSTM, rows: Tensor) -> Any:
    """Returns the input's part of the gates, one tensor per step."""
    return ops.unstack(ops.matmul(rows, lstm.cell.kernel) + lstm.cell.bias, axis=1)


def _step(
    cell: keras.layers.LSTMCell, gates: Tensor, cell_state: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Returns hidden and cell state after a step; a cell state of None is zero."""
    i, f, c, o = ops.split(gates, 4, axis=-1)
    fresh = cell.recurrent_activation(i) * cell.activation(c)
    cell_state = fresh if cell_state is None else cell.recurrent_activation(f) * cell_state + fresh
    return cell.recurrent_activation(o) * cell.activation(cell_state), cell_state
