"""GRUs of PyTorch in the layout of `TimeGRU`."""

from __future__ import annotations

import numpy as np

from tfse.importing.source import Array


def update_first(gates: Array) -> Array:
    """Reorders the gates r, z, n of PyTorch to z, r, n."""
    reset, update, candidate = np.split(gates, 3)
    return np.concatenate([update, reset, candidate])


def gru_weights(
    name: str, kernel: Array, recurrent_kernel: Array, bias: Array, recurrent_bias: Array
) -> dict[str, Array]:
    """Returns the weights of a `TimeGRU` by path, from arrays with the gates z, r, n in rows.

    Args:
        name: of our layer.
        kernel: `[3 * units, inputs]`.
        recurrent_kernel: `[3 * units, units]`.
        bias: of the input, `[3 * units]`.
        recurrent_bias: of the state, `[3 * units]`.
    """
    merged, units = bias.copy(), recurrent_kernel.shape[1]
    # The second bias of the candidate stands inside the product with the reset gate.
    merged[: 2 * units] += recurrent_bias[: 2 * units]
    return {
        f"{name}/kernel": kernel.T,
        f"{name}/recurrent_kernel": recurrent_kernel.T,
        f"{name}/bias": merged,
        f"{name}/recurrent_bias": recurrent_bias[2 * units :],
    }
