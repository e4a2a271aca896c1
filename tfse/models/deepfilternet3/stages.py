"""Encoder and decoders of a DeepFilterNet3."""

from __future__ import annotations

import keras

from tfse.layers import (
    BatchNormalization,
    CausalConv2D,
    FrameReshape,
    GroupedDense,
    SeparableConv2D,
    SeparableConv2DTranspose,
    TimeGRU,
)
from tfse.models.deepfilternet3.config import DeepFilterNet3Config
from tfse.types import Tensor


def band_encoder(config: DeepFilterNet3Config, levels: Tensor) -> list[Tensor]:
    """Encodes levels to maps of all, half, a quarter and a quarter of the bands."""
    maps = [input_convolution(config, "bands_0", levels)]
    for stage, stride in enumerate((2, 2, 1), start=1):
        maps.append(_separable(config, f"bands_{stage}", maps[-1], stride))
    return maps


def embedding(config: DeepFilterNet3Config, bands: Tensor, pathway: Tensor) -> Tensor:
    """Encodes bands and lower bins to a vector per frame, `[B, T, embedding_size]`."""
    size = config.embedding_size
    bins = _separable(config, "bins_1", pathway, 2)
    bins = FrameReshape((bins.shape[2] * config.channels,), name="bins_flat")(bins)
    bins = _grouped(size, config.bin_groups, "bins_dense", bins)
    bands = FrameReshape((size,), name="bands_flat")(bands)
    x = keras.layers.Add(name="embedding_sum")([bands, bins])
    x = _grouped(config.units, config.groups, "embedding_in", x)
    x = TimeGRU(config.units, name="embedding_gru")(x)
    return _grouped(size, config.groups, "embedding_out", x)


def gains(config: DeepFilterNet3Config, embedding: Tensor, maps: list[Tensor]) -> Tensor:
    """Decodes the embedding to gains from 0 to 1, `[B, T, bands]`."""
    x = _grouped(config.units, config.groups, "gains_in", embedding)
    x = _grus(config, config.gain_grus, "gains", x)
    x = _grouped(config.embedding_size, config.groups, "gains_out", x)
    x = FrameReshape(maps[-1].shape[2:], name="gains_map")(x)
    x = _separable(config, "gains_3", _with_skip(config, 3, x, maps))
    for stage in (2, 1):
        x = _with_skip(config, stage, x, maps)
        x = SeparableConv2DTranspose(
            config.channels, (1, 3), 2, cropping=(1, 0), use_bias=False, name=f"gains_{stage}"
        )(x)
        x = _normalized(config, f"gains_{stage}", x)
    x = _with_skip(config, 0, x, maps)
    x = CausalConv2D(1, (1, 3), padding=(1, 1), use_bias=False, name="gains_0")(x)
    x = _normalized(config, "gains_0", x, "sigmoid")
    return FrameReshape((config.erb_bands,), name="gains_flat")(x)


def _with_skip(config: DeepFilterNet3Config, stage: int, x: Tensor, maps: list[Tensor]) -> Tensor:
    # The original's factor per channel is part of the batch normalization.
    skip = _normalized(config, f"skip_{stage}", maps[stage])
    return keras.layers.Add(name=f"skip_{stage}_sum")([x, skip])


def filters(config: DeepFilterNet3Config, embedding: Tensor, pathway: Tensor) -> Tensor:
    """Decodes the embedding to complex taps, `[B, T, filter_bins, 2 * filter_frames]`."""
    taps = 2 * config.filter_frames
    x = _grouped(config.units, config.filter_groups, "filters_in", embedding)
    x = _grus(config, config.filter_grus, "filters", x)
    skip = GroupedDense(config.units, config.groups, name="filters_skip")(embedding)
    x = keras.layers.Add(name="filters_skip_sum")([x, skip])
    x = _grouped(config.filter_bins * taps, config.groups, "filters_out", x, "tanh")
    x = FrameReshape((config.filter_bins, taps), name="filters_map")(x)
    kernel = (config.pathway_frames, 1)
    y = SeparableConv2D(taps, kernel, use_bias=False, name="pathway")(pathway)
    return keras.layers.Add(name="filters_sum")([x, _normalized(config, "pathway", y)])


def local_snr(config: DeepFilterNet3Config, embedding: Tensor) -> Tensor:
    """Returns the local SNR in dB, `[B, T, 1]`; no output of the model uses it."""
    lowest, highest = config.local_snr_db
    x = keras.layers.Dense(1, activation="sigmoid", name="local_snr")(embedding)
    return keras.layers.Rescaling(highest - lowest, lowest, name="local_snr_db")(x)


def input_convolution(config: DeepFilterNet3Config, name: str, x: Tensor) -> Tensor:
    """Convolves features over frames and frequency, `[B, T, F, channels]`."""
    kernel = (config.input_frames, 3)
    layer = CausalConv2D if x.shape[3] == 1 else SeparableConv2D
    x = layer(config.channels, kernel, padding=(1, 1), use_bias=False, name=name)(x)
    return _normalized(config, name, x)


def _separable(config: DeepFilterNet3Config, name: str, x: Tensor, stride: int = 1) -> Tensor:
    x = SeparableConv2D(config.channels, (1, 3), stride, padding=(1, 1), use_bias=False, name=name)(
        x
    )
    return _normalized(config, name, x)


def _grus(config: DeepFilterNet3Config, count: int, name: str, x: Tensor) -> Tensor:
    for index in range(count):
        x = TimeGRU(config.units, name=f"{name}_gru_{index}")(x)
    return x


def _grouped(units: int, groups: int, name: str, x: Tensor, activation: str = "relu") -> Tensor:
    x = GroupedDense(units, groups, name=name)(x)
    return keras.layers.Activation(activation, name=f"{name}_{activation}")(x)


def _normalized(
    config: DeepFilterNet3Config, name: str, x: Tensor, activation: str = "relu"
) -> Tensor:
    x = BatchNormalization(momentum=config.momentum, epsilon=config.epsilon, name=f"{name}_norm")(x)
    return keras.layers.Activation(activation, name=f"{name}_{activation}")(x)
