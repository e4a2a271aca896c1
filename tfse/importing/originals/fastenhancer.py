"""Importer of FastEnhancer: PyTorch checkpoints (`.pth`) of the authors' training.

Ahn et al. publish them at github.com/aask1357/fastenhancer, in its releases. A checkpoint has
the state dict under `model`; weight normalization and batch normalization are not yet merged
into it. What cannot be read from the weights is taken from a configuration beside the
checkpoint, and else from the published sizes.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from tfse.errors import ModelError
from tfse.importing.originals.pytorch_gru import gru_weights, update_first
from tfse.importing.sizes import LARGEST, require_within
from tfse.importing.source import (
    Array,
    ArrayPool,
    Conversion,
    Importer,
    Part,
    Source,
    require_broadcast,
)
from tfse.models import FastEnhancerConfig

_MARKS = frozenset(["enc_pre.0.weight", "rf_pre.0.weight", "dec_post.3.scale"])
# By channels: the authors' letter of the size, and its hop.
_PUBLISHED = {24: ("t", 256), 48: ("b", 256), 64: ("s", 256), 96: ("m", 160), 128: ("l", 100)}
_HEADS = 4
_NORMALIZATION = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
# Weight normalization of PyTorch since 2.0, and before: magnitudes, then directions.
_NORMALIZED = [
    ("{}.parametrizations.{}.original0", "{}.parametrizations.{}.original1"),
    ("{}.{}_g", "{}.{}_v"),
]

Weights = dict[str, Array]


def recognizes(source: Source) -> bool:
    """Returns whether a source holds a checkpoint of FastEnhancer."""
    return bool(_checkpoints(source))


def convert(source: Source) -> Conversion:
    """Returns the weights in the layout of `tfse.models.fastenhancer`.

    Raises:
        ModelError: there are several checkpoints, or an array is missing or left over.
    """
    found = _checkpoints(source)
    if len(found) != 1:
        raise ModelError(
            f"one checkpoint of FastEnhancer is needed; received {[part.name for part in found]}."
        )
    arrays = found[0].arrays
    state = _State(arrays)
    config = _config(source, arrays)
    weights = {
        **_encoder_and_decoder(state, len(config.kernel_sizes)),
        **_maps(state),
        **_ends(state, normalized=_setting(source, "normalize_final_conv", "True") != "False"),
    }
    for block in range(config.blocks):
        weights |= _block(state, config, f"rf_block.{block}", f"block_{block}")
    state.require_empty()
    return Conversion(config, weights)


class _State(ArrayPool):
    """State dict of the original, without counters of the training."""

    def __init__(self, arrays: Any) -> None:
        super().__init__(arrays, lambda name: name.endswith("num_batches_tracked"))
        self._names = frozenset(arrays)

    def normalized(self, module: str, name: str) -> Array:
        """Takes a matrix, resolving its weight normalization if it has one."""
        for pattern in _NORMALIZED:
            magnitude, direction = (each.format(module, name) for each in pattern)
            if magnitude in self._names:
                rows, factors = self.take(direction), self.take(magnitude)
                require_broadcast(rows, factors)
                return factors * rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return self.take(f"{module}.{name}")

    def batch_normalization(self, theirs: str, ours: str) -> Weights:
        """Takes the weights of a batch normalization."""
        return {f"{ours}/{k}": self.take(f"{theirs}.{v}") for k, v in _NORMALIZATION.items()}


def _encoder_and_decoder(state: _State, stages: int) -> Weights:
    ours: Weights = {}
    for stage in range(1, stages):
        theirs = f"encoder.{stage - 1}"
        ours[f"encoder_{stage}/kernel"] = _taps(state.take(f"{theirs}.0.weight"))
        ours |= state.batch_normalization(f"{theirs}.1", f"encoder_{stage}_norm")
        # Their decoder runs from the last stage down.
        theirs = f"decoder.{stages - 1 - stage}"
        ours[f"merge_{stage}/kernel"] = _dense(state.take(f"{theirs}.0.weight"))
        ours |= state.batch_normalization(f"{theirs}.1", f"merge_{stage}_norm")
        ours[f"decoder_{stage}/kernel"] = _taps(state.take(f"{theirs}.3.weight"))
        ours |= state.batch_normalization(f"{theirs}.4", f"decoder_{stage}_norm")
    return ours


def _maps(state: _State) -> Weights:
    """Takes the maps from bins to bands and back."""
    ours: Weights = {}
    for theirs, direction in (("rf_pre", "to"), ("rf_post", "from")):
        ours[f"{direction}_bands/kernel"] = state.take(f"{theirs}.0.weight").T
        ours[f"{direction}_blocks/kernel"] = _dense(state.take(f"{theirs}.1.weight"))
        ours |= state.batch_normalization(f"{theirs}.2", f"{direction}_blocks_norm")
    return ours


def _ends(state: _State, normalized: bool) -> Weights:
    """Takes the first and the last convolution, and the embedding of bands."""
    last = state.take("dec_post.3.weight")
    scale = state.take("dec_post.3.scale")
    require_broadcast(last, scale)
    last = last * scale / (np.linalg.norm(last) if normalized else 1.0)
    return {
        "encoder_0/kernel": _strided(state.take("enc_pre.0.weight")),
        **state.batch_normalization("enc_pre.1", "encoder_0_norm"),
        "band_embedding/embedding": state.take("rf_block.0.pe"),
        "merge_0/kernel": _dense(state.take("dec_post.0.weight")),
        **state.batch_normalization("dec_post.1", "merge_0_norm"),
        # [inputs, outputs, taps] -> [1, taps, inputs, outputs]
        "decoder_0/kernel": last.transpose(2, 0, 1)[None],
        "decoder_0/bias": state.take("dec_post.3.bias"),
    }


def _block(state: _State, config: FastEnhancerConfig, theirs: str, ours: str) -> Weights:
    units = config.block_channels
    bias, recurrent = (state.take(f"{theirs}.rnn.bias_{end}_l0") for end in ("ih", "hh"))
    require_broadcast(np.empty(3 * units), bias)
    require_broadcast(bias, recurrent)
    qkv = state.normalized(f"{theirs}.attn.qkv", "weight")
    return {
        **gru_weights(
            f"{ours}_gru",
            update_first(state.normalized(f"{theirs}.rnn", "weight_ih_l0")),
            update_first(state.normalized(f"{theirs}.rnn", "weight_hh_l0")),
            update_first(bias),
            update_first(recurrent),
        ),
        f"{ours}_gru_dense/kernel": state.take(f"{theirs}.rnn_fc.weight").T,
        # [heads, (q k v), size, inputs] -> [inputs, (q k v), heads, size]
        f"{ours}_attention/kernel": qkv.reshape(config.heads, 3, -1, units)
        .transpose(3, 1, 0, 2)
        .reshape(units, -1),
        f"{ours}_attention_dense/kernel": state.take(f"{theirs}.attn_fc.weight").T,
        **state.batch_normalization(f"{theirs}.rnn_post_norm", f"{ours}_gru_dense_norm"),
        **state.batch_normalization(f"{theirs}.attn_post_norm", f"{ours}_attention_dense_norm"),
    }


def _taps(kernel: Array) -> Array:
    """[outputs, inputs, taps] -> [1, taps, inputs, outputs]."""
    return kernel.transpose(2, 1, 0)[None]


def _dense(kernel: Array) -> Array:
    """[outputs, inputs, 1] -> [inputs, outputs]."""
    return kernel[..., 0].T


def _strided(kernel: Array) -> Array:
    """[outputs, stride * 2, groups], input `2 * place + part` -> [1, taps, 2, outputs]."""
    outputs, inputs, groups = kernel.shape
    kernel = kernel.reshape(outputs, inputs // 2, 2, groups).transpose(3, 1, 2, 0)
    return kernel.reshape(1, -1, 2, outputs)


def _checkpoints(source: Source) -> list[Part]:
    return [part for part in source.of_kind("torch") if set(part.arrays) >= _MARKS]


def _config(source: Source, arrays: Any) -> FastEnhancerConfig:
    channels, inputs, groups = arrays["enc_pre.0.weight"].shape
    bands, bins = arrays["rf_pre.0.weight"].shape
    stride = inputs // 2
    letter, hop = _PUBLISHED.get(channels, ("", stride * bins))
    stages = _count(arrays, r"encoder\.\d+\.0\.weight")
    kernels = [arrays[f"encoder.{stage}.0.weight"].shape[2] for stage in range(stages)]
    return FastEnhancerConfig(
        name="_".join(filter(None, ("fastenhancer", letter))),
        frame_length=2 * stride * bins,
        fft_length=2 * stride * bins,
        hop_length=_number(source, "hop_size", hop),
        channels=channels,
        kernel_sizes=(groups * stride, *kernels),
        stride=stride,
        blocks=_count(arrays, r"rf_block\.\d+\.rnn_fc\.weight"),
        block_channels=arrays["rf_pre.1.weight"].shape[0],
        bands=bands,
        heads=_number(source, "num_heads", _HEADS),
    )


def _count(arrays: Any, pattern: str) -> int:
    return sum(bool(re.fullmatch(pattern, name)) for name in arrays)


def _number(source: Source, name: str, otherwise: int) -> int:
    written = _setting(source, name, str(otherwise))
    if not re.fullmatch("[0-9]{1,9}", written):
        raise ModelError(f"`{name}` must be a whole number; received {written!r}.")
    require_within(name, int(written), 1, LARGEST)
    return int(written)


def _setting(source: Source, name: str, otherwise: str) -> str:
    """Returns a setting of the configuration beside the checkpoint."""
    for part in source.of_kind("text"):
        if found := re.search(rf"^\s*{name}:\s*(\w+)", part.text, re.MULTILINE):
            return found[1]
    return otherwise


IMPORTER = Importer(
    name="fastenhancer",
    origin="github.com/aask1357/fastenhancer, releases",
    licence="MIT",
    recognizes=recognizes,
    convert=convert,
)
