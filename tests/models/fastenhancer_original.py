"""Weights of the authors' FastEnhancer, mapped into ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

Arrays = Mapping[str, Any]


def weights(arrays: Arrays) -> dict[str, Any]:
    """Returns our arrays by variable path inside the core, from a state of the original.

    Args:
        arrays: `state/NAME` for every entry of the authors' state dict, and
            `effective/NAME` for the kernels after weight normalization.
    """
    state = {k.removeprefix("state/"): v for k, v in arrays.items() if k.startswith("state/")}
    effective = {
        k.removeprefix("effective/"): v for k, v in arrays.items() if k.startswith("effective/")
    }
    ours: dict[str, Any] = {"encoder_0/kernel": _strided(state["enc_pre.0.weight"])}
    ours |= _norm(state, "enc_pre.1", "encoder_0_norm")
    stages = len({k for k in state if k.startswith("encoder.") and k.endswith(".0.weight")})
    for stage in range(1, stages + 1):
        theirs = f"encoder.{stage - 1}"
        ours[f"encoder_{stage}/kernel"] = _taps(state[f"{theirs}.0.weight"])
        ours |= _norm(state, f"{theirs}.1", f"encoder_{stage}_norm")
        # Their decoder runs from the last stage down.
        theirs = f"decoder.{stages - stage}"
        ours[f"merge_{stage}/kernel"] = _dense(state[f"{theirs}.0.weight"])
        ours |= _norm(state, f"{theirs}.1", f"merge_{stage}_norm")
        ours[f"decoder_{stage}/kernel"] = _taps(state[f"{theirs}.3.weight"])
        ours |= _norm(state, f"{theirs}.4", f"decoder_{stage}_norm")
    for theirs, bands, dense in (
        ("rf_pre", "to_bands", "to_blocks"),
        ("rf_post", "from_bands", "from_blocks"),
    ):
        ours[f"{bands}/kernel"] = state[f"{theirs}.0.weight"].T
        ours[f"{dense}/kernel"] = _dense(state[f"{theirs}.1.weight"])
        ours |= _norm(state, f"{theirs}.2", f"{dense}_norm")
    ours["merge_0/kernel"] = _dense(state["dec_post.0.weight"])
    ours |= _norm(state, "dec_post.1", "merge_0_norm")
    # [inputs, outputs, taps] -> [1, taps, inputs, outputs]
    ours["decoder_0/kernel"] = effective["dec_post.3.weight"].transpose(2, 0, 1)[None]
    ours["decoder_0/bias"] = state["dec_post.3.bias"]
    ours["band_embedding/embedding"] = state["rf_block.0.pe"]
    blocks = len({k for k in state if k.endswith("rnn_fc.weight")})
    for block in range(blocks):
        ours |= _block(state, effective, f"rf_block.{block}", f"block_{block}")
    return ours


def _block(state: Arrays, effective: Arrays, theirs: str, ours: str) -> dict[str, Any]:
    bias = state[f"{theirs}.rnn.bias_ih_l0"] + state[f"{theirs}.rnn.bias_hh_l0"]
    units = len(bias) // 3
    # The second bias of the candidate stands inside the product with the reset gate.
    bias[2 * units :] = state[f"{theirs}.rnn.bias_ih_l0"][2 * units :]
    qkv = effective[f"{theirs}.attn.qkv.weight"]
    return {
        f"{ours}_gru/kernel": _gates(effective[f"{theirs}.rnn.weight_ih_l0"]).T,
        f"{ours}_gru/recurrent_kernel": _gates(effective[f"{theirs}.rnn.weight_hh_l0"]).T,
        f"{ours}_gru/bias": _gates(bias),
        f"{ours}_gru/recurrent_bias": state[f"{theirs}.rnn.bias_hh_l0"][2 * units :],
        f"{ours}_gru_dense/kernel": state[f"{theirs}.rnn_fc.weight"].T,
        # [heads, (q k v), size, inputs] -> [inputs, (q k v), heads, size]
        f"{ours}_attention/kernel": qkv.reshape(HEADS, 3, -1, units)
        .transpose(3, 1, 0, 2)
        .reshape(units, -1),
        f"{ours}_attention_dense/kernel": state[f"{theirs}.attn_fc.weight"].T,
        **_norm(state, f"{theirs}.rnn_post_norm", f"{ours}_gru_dense_norm"),
        **_norm(state, f"{theirs}.attn_post_norm", f"{ours}_attention_dense_norm"),
    }


HEADS = 4


def _gates(x: Any) -> Any:
    """Reorders r z n to z r n."""
    reset, update, candidate = np.split(x, 3)
    return np.concatenate([update, reset, candidate])


def _norm(state: Arrays, theirs: str, ours: str) -> dict[str, Any]:
    names = {
        "gamma": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    }
    return {f"{ours}/{name}": state[f"{theirs}.{other}"] for name, other in names.items()}


def _taps(kernel: Any) -> Any:
    """[outputs, inputs, taps] -> [1, taps, inputs, outputs]."""
    return kernel.transpose(2, 1, 0)[None]


def _dense(kernel: Any) -> Any:
    """[outputs, inputs, 1] -> [inputs, outputs]."""
    return kernel[..., 0].T


def _strided(kernel: Any) -> Any:
    """[outputs, stride * 2, groups], input `2 * place + part` -> [1, taps, 2, outputs]."""
    outputs, inputs, groups = kernel.shape
    kernel = kernel.reshape(outputs, inputs // 2, 2, groups).transpose(3, 1, 2, 0)
    return kernel.reshape(1, -1, 2, outputs)
