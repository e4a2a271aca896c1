"""FastEnhancer: GRU over time and self-attention over frequency, for streaming.

Ahn et al., "FastEnhancer: Speed-optimized streaming neural speech enhancement", ICASSP 2026,
arXiv 2509.21867.
"""

# No `from __future__ import annotations`: config flags need the types of dataclass
# fields, not strings.
import dataclasses
from typing import Any

import keras

from tfse.errors import ConfigError
from tfse.layers import (
    BandEmbedding,
    BatchNormalization,
    CausalConv2D,
    CausalConv2DTranspose,
    ComplexMasking,
    FrequencyAttention,
    FrequencyMap,
    LevelNormalization,
    PolarMask,
    PowerLawCompression,
    PowerLawExpansion,
    TimeGRU,
)
from tfse.models.config import SpectralModelConfig
from tfse.models.enhancement_model import EnhancementModel, around_core, core_model, spectrum_input
from tfse.models.features import with_log_power
from tfse.models.registry import register
from tfse.types import Tensor

# Real and imaginary part of the spectrum.
_COMPLEX = 2
# Output channels of the decoder.
_MASK_CHANNELS = {"compressed": 2, "polar": 3}


@dataclasses.dataclass
class FastEnhancerConfig(SpectralModelConfig):
    """Settings of a FastEnhancer; the defaults are the paper's `base`.

    Without convolutions over time, the only state is one GRU vector per band and block.

    Attributes:
        level_time_s: time constant of the running level by which the input is divided, see
            `LevelNormalization`; 0 for no division, as in the paper.
        compression: exponent of the magnitude in the input.
        log_power_input: adds the log power of every bin as a third input.
        mask: "compressed", a complex mask on the compressed spectrum, as in the paper, or
            "polar", a bounded magnitude and a phase rotation on the spectrum, see `PolarMask`.
        channels: of the encoder and the decoder.
        kernel_sizes: bins per encoder convolution. The first has the stride; the others
            keep the number of bins and must be odd.
        stride: over frequency, of the first convolution.
        blocks: blocks of GRU and attention between encoder and decoder.
        block_channels: channels of the blocks.
        bands: bands of the blocks.
        heads: of the attention.
        learned_bands: trains the maps from bins to bands and back, which are fixed
            triangular filters in the paper.
        epsilon: of the batch normalization.
        momentum: of the batch normalization's moving averages.
    """

    name: str = "fastenhancer_base"
    window: str = "hann"
    level_time_s: float = 0.0
    compression: float = 0.3
    log_power_input: bool = False
    mask: str = "compressed"
    channels: int = 48
    kernel_sizes: tuple[int, ...] = (8, 3, 3)
    stride: int = 4
    blocks: int = 3
    block_channels: int = 36
    bands: int = 24
    heads: int = 4
    learned_bands: bool = False
    epsilon: float = 1e-5
    momentum: float = 0.99


@register(FastEnhancerConfig)
def build_fastenhancer(config: FastEnhancerConfig) -> EnhancementModel:
    """Builds a FastEnhancer.

    The paper drops the highest bin of the spectrum and sets it to zero in the output. Here it
    replaces a zero in the padding of the first convolution, and an output bin that the last
    one would crop: the same weights apply to 257 bins.

    Args:
        config: sizes; see `FastEnhancerConfig`.

    Returns:
        A functional model on waveforms, `[batch, samples]` -> `[batch, samples]`.

    Raises:
        ConfigError: a kernel size does not fit the stride or the mirrored decoder, or another
            setting is out of range.
    """
    _check(config)
    return around_core(config, _core(config), ComplexMasking(name="masking"))


def _core(config: FastEnhancerConfig) -> keras.Model:
    """Returns the network from spectrum to complex ratio mask."""
    spectrum, x = spectrum_input(config)
    # === Encoder === [B, T, 257, 2] -> [B, T, 64, channels]
    x = _features(config, x)
    x, skips = _encoder(config, x)
    # === Blocks === [B, T, 24, block_channels]
    groups = x.shape[2]
    x = FrequencyMap(config.bands, config.learned_bands, name="to_bands")(x)
    x = _dense(config, config.block_channels, "to_blocks", x)
    for block in range(config.blocks):
        x = _block(config, block, x)
    x = FrequencyMap(groups, config.learned_bands, name="from_bands")(x)
    x = _dense(config, config.channels, "from_blocks", x)
    # === Decoder === [B, T, 64, channels] -> [B, T, 257, 2]
    x = _decoder(config, x, skips)
    if config.mask == "polar":
        x = PolarMask(name="polar_mask")(x)
    else:
        x = PowerLawExpansion(config.compression, name="expansion")(x)
    return core_model(config, spectrum, {"mask": x})


def _features(config: FastEnhancerConfig, spectrum: Tensor) -> Tensor:
    if config.level_time_s:
        frames = config.level_time_s * config.sample_rate / config.hop_length
        spectrum = LevelNormalization(frames, name="level")(spectrum)
    x = PowerLawCompression(config.compression, name="compression")(spectrum)
    return with_log_power(x, spectrum) if config.log_power_input else x


def _encoder(config: FastEnhancerConfig, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    x = CausalConv2D(
        config.channels,
        (1, config.kernel_sizes[0]),
        config.stride,
        padding=_edges(config),
        use_bias=False,
        name="encoder_0",
    )(x)
    skips = [_activated(config, "encoder_0", x)]
    for stage in range(1, len(config.kernel_sizes)):
        skips.append(_convolution(config, stage, f"encoder_{stage}", skips[-1]))
    return skips[-1], skips


def _decoder(config: FastEnhancerConfig, x: Tensor, skips: list[Tensor]) -> Tensor:
    for stage in reversed(range(len(config.kernel_sizes))):
        x = keras.layers.Concatenate(name=f"skip_{stage}")([x, skips[stage]])
        x = _dense(config, config.channels, f"merge_{stage}", x)
        x = keras.layers.Activation("silu", name=f"merge_{stage}_silu")(x)
        if stage:
            x = _convolution(config, stage, f"decoder_{stage}", x)
    last = CausalConv2DTranspose(
        _MASK_CHANNELS[config.mask],
        (1, config.kernel_sizes[0]),
        config.stride,
        cropping=_edges(config),
        name="decoder_0",
    )
    x = last(x)
    if config.mask == "compressed":
        # Training starts near the identity mask, since the expansion has zero slope at zero.
        bias: Any = last.bias
        bias.assign((1.0, 0.0))
    return x


def _block(config: FastEnhancerConfig, block: int, x: Tensor) -> Tensor:
    """Applies two residual stages: a GRU over time, then attention over frequency."""
    y = TimeGRU(config.block_channels, name=f"block_{block}_gru")(x)
    y = _dense(config, config.block_channels, f"block_{block}_gru_dense", y)
    x = keras.layers.Add(name=f"block_{block}_gru_sum")([x, y])
    if block == 0:
        x = BandEmbedding(name="band_embedding")(x)
    y = FrequencyAttention(config.heads, name=f"block_{block}_attention")(x)
    y = _dense(config, config.block_channels, f"block_{block}_attention_dense", y)
    return keras.layers.Add(name=f"block_{block}_attention_sum")([x, y])


def _convolution(config: FastEnhancerConfig, stage: int, name: str, x: Tensor) -> Tensor:
    """Convolves over frequency, keeping the number of bins, normalizes and activates."""
    kernel = config.kernel_sizes[stage]
    padding = (kernel // 2, kernel // 2)
    x = CausalConv2D(config.channels, (1, kernel), padding=padding, use_bias=False, name=name)(x)
    return _activated(config, name, x)


def _dense(config: FastEnhancerConfig, units: int, name: str, x: Tensor) -> Tensor:
    x = keras.layers.Dense(units, use_bias=False, name=name)(x)
    return _normalized(config, name, x)


def _activated(config: FastEnhancerConfig, name: str, x: Tensor) -> Tensor:
    x = _normalized(config, name, x)
    return keras.layers.Activation("silu", name=f"{name}_silu")(x)


def _normalized(config: FastEnhancerConfig, name: str, x: Tensor) -> Tensor:
    return BatchNormalization(
        momentum=config.momentum, epsilon=config.epsilon, name=f"{name}_norm"
    )(x)


def _edges(config: FastEnhancerConfig) -> tuple[int, int]:
    """Returns zeros (below, above) the bins; the highest bin replaces one."""
    edge = (config.kernel_sizes[0] - config.stride) // 2
    return edge, edge - 1


def _check(config: FastEnhancerConfig) -> None:
    if config.mask not in _MASK_CHANNELS:
        raise ConfigError(
            f"`mask` must be one of {list(_MASK_CHANNELS)}; received {config.mask!r}."
        )
    if not config.level_time_s >= 0:
        raise ConfigError(f"`level_time_s` must not be negative; received {config.level_time_s}.")
    first, *others = config.kernel_sizes or (0,)
    if first <= config.stride or (first - config.stride) % 2 or config.stride < 1:
        raise ConfigError(
            "the first of `kernel_sizes` must be longer than `stride` by an even number; "
            f"received kernel_sizes={config.kernel_sizes}, stride={config.stride}."
        )
    if any(size < 1 or size % 2 == 0 for size in others):
        raise ConfigError(
            "`kernel_sizes` must be odd after the first; "
            f"received kernel_sizes={config.kernel_sizes}."
        )
    if config.fft_length // 2 % config.stride:
        raise ConfigError(
            "`stride` must divide half of `fft_length`; received "
            f"stride={config.stride}, fft_length={config.fft_length}."
        )
