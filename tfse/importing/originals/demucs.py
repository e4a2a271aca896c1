"""Importer of Demucs, the model of denoiser."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfse.errors import ModelError
from tfse.importing.source import (
    Array,
    ArrayPool,
    Conversion,
    Importer,
    Part,
    Source,
    require_broadcast,
)
from tfse.models import DemucsConfig
from tfse.models.demucs import hop_length
from tfse.types import Samples

_FIRST = "encoder.0.0.weight"
_MARKS = {_FIRST, "encoder.0.2.weight", "decoder.0.2.weight", "lstm.lstm.weight_ih_l0"}


def _weights_file(source: Source) -> Part | None:
    return next((part for part in source.of_kind("torch") if set(part.arrays) >= _MARKS), None)


def _recognizes(source: Source) -> bool:
    return _weights_file(source) is not None


def _convert(source: Source) -> Conversion:
    part = _weights_file(source)
    if part is None:
        raise ModelError("the file has no encoder, decoder and LSTM of a Demucs.")
    config = _config(part.arrays)
    pool = ArrayPool(part.arrays)
    weights: dict[str, Array] = {}
    for level in range(config.depth):
        # The decoder of the authors runs from the deepest level up.
        theirs = f"decoder.{config.depth - 1 - level}"
        weights |= _strided(pool, f"encoder.{level}.0", f"encoder_{level}", (2, 1, 0))
        weights |= _dense(pool, f"encoder.{level}.2", f"encoder_{level}_mix")
        weights |= _dense(pool, f"{theirs}.0", f"decoder_{level}_mix")
        weights |= _strided(pool, f"{theirs}.2", f"decoder_{level}", (2, 0, 1))
    for number in range(2):
        weights |= _lstm(pool, number)
    pool.require_empty()
    return Conversion(config, weights)


def _config(arrays: Mapping[str, Array]) -> DemucsConfig:
    """Returns the sizes; stride, resampling and normalization are those of all published files."""
    shape = arrays[_FIRST].shape
    if len(shape) != 3 or shape[1] != 1:
        raise ModelError(f"{_FIRST!r} must be of one input channel; received the shape {shape}.")
    levels = {match[1] for name in arrays if (match := re.match(r"encoder\.(\d+)\.", name))}
    return DemucsConfig(
        name=f"demucs_{shape[0]}", hidden=shape[0], depth=len(levels), kernel_size=shape[2]
    )


def _strided(pool: ArrayPool, theirs: str, ours: str, axes: tuple[int, ...]) -> dict[str, Array]:
    """Returns a convolution: kernel in the order of `axes`, and bias."""
    kernel = pool.take(f"{theirs}.weight")
    return {f"{ours}/kernel": kernel.transpose(axes), f"{ours}/bias": pool.take(f"{theirs}.bias")}


def _dense(pool: ArrayPool, theirs: str, ours: str) -> dict[str, Array]:
    """Returns a convolution of one frame as a matrix."""
    kernel = pool.take(f"{theirs}.weight")[..., 0].T
    return {f"{ours}/kernel": kernel, f"{ours}/bias": pool.take(f"{theirs}.bias")}


def _lstm(pool: ArrayPool, number: int) -> dict[str, Array]:
    """Returns one LSTM; PyTorch has two biases, of which only the sum matters."""
    theirs, ours = "lstm.lstm", f"lstm_{number}/lstm/lstm_cell"
    biases = [pool.take(f"{theirs}.bias_{end}_l{number}") for end in ("ih", "hh")]
    require_broadcast(*biases)
    return {
        f"{ours}/kernel": pool.take(f"{theirs}.weight_ih_l{number}").T,
        f"{ours}/recurrent_kernel": pool.take(f"{theirs}.weight_hh_l{number}").T,
        f"{ours}/bias": biases[0] + biases[1],
    }


def _run_original(source: Source, samples: Samples) -> Samples:
    """Enhances with the authors' network, at the level that ours has.

    Their level is that of the whole recording, so that theirs is turned off and the running
    level is computed here, apart from the layer. Silence follows the recording, as in ours.
    """
    import torch
    from denoiser.demucs import Demucs

    part = _weights_file(source)
    if part is None:
        raise ModelError("the file has no encoder, decoder and LSTM of a Demucs.")
    config = _config(part.arrays)
    network = Demucs(hidden=config.hidden, depth=config.depth, normalize=False).eval()
    network.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in part.arrays.items()})
    padded = np.pad(samples, (0, 4 * hop_length(config) + -len(samples) % hop_length(config)))
    level = _running_level(padded, hop_length(config))
    normalized = (padded / (level + config.floor)).astype(np.float32)
    with torch.no_grad():
        enhanced = network(torch.from_numpy(normalized)[None, None])[0, 0].numpy()
    return np.asarray((enhanced * level)[: len(samples)], np.float32)


def _running_level(samples: Samples, hop: int) -> Any:
    powers = np.square(samples.reshape(-1, hop).astype(np.float64)).mean(axis=1)
    means = np.cumsum(powers) / np.arange(1, len(powers) + 1)
    return np.repeat(np.sqrt(means), hop)


IMPORTER = Importer(
    name="demucs",
    origin="https://github.com/facebookresearch/denoiser: dns48, dns64 and master64 (.th)",
    licence="CC BY-NC 4.0",
    recognizes=_recognizes,
    convert=_convert,
    run_original=_run_original,
)
