"""GTCRN: grouped temporal convolutional recurrent network, of ultralow cost.

Rong, Sun, Zhang, Hu, Zhu and Lu, "GTCRN: A speech enhancement model requiring ultralow
computational resources", ICASSP 2024.
"""

# No `from __future__ import annotations`: config flags need the types of dataclass
# fields, not strings.
import dataclasses

import keras

from tfse.errors import ConfigError
from tfse.layers import (
    AppendChannel,
    BandMerging,
    BandSplitting,
    BatchNormalization,
    CausalConv2D,
    CausalConv2DTranspose,
    ChannelShuffle,
    ChannelSplit,
    ComplexMasking,
    FrameNormalization,
    FrequencyGRU,
    Magnitude,
    NeighbouringBins,
    TemporalRecurrentAttention,
    TimeGRU,
)
from tfse.models.config import SpectralModelConfig
from tfse.models.enhancement_model import EnhancementModel, around_core, core_model, spectrum_input
from tfse.models.registry import register
from tfse.types import Tensor

# Bins per convolution that halves their number, its stride, and its zeros at both ends.
_KERNEL, _STRIDE, _PADDING = (1, 5), 2, (2, 2)
# Two such convolutions; the channels of the second are in two groups, and so are the GRUs.
_HALVINGS, _GROUPS = 2, 2


@dataclasses.dataclass
class GTCRNConfig(SpectralModelConfig):
    """Settings of a GTCRN; the defaults are the paper's.

    Attributes:
        kept_bins: lowest bins that are not merged.
        bands: of the ERB scale, of the bins above.
        channels: of all convolutions and GRUs, a multiple of 4.
        dilations: over time, of the temporal blocks of the encoder; the decoder has the same
            in reverse.
        blocks: dual-path blocks between encoder and decoder.
        epsilon: of the batch normalization.
        momentum: of the batch normalization's moving averages.
    """

    name: str = "gtcrn"
    kept_bins: int = 65
    bands: int = 64
    channels: int = 16
    dilations: tuple[int, ...] = (1, 2, 5)
    blocks: int = 2
    epsilon: float = 1e-5
    momentum: float = 0.9


@register(GTCRNConfig)
def build_gtcrn(config: GTCRNConfig) -> EnhancementModel:
    """Builds a GTCRN.

    Sub-band feature extraction before a 1x1 convolution is a convolution of three bins, and a
    transposed convolution with a stride of 1 is one with the kernel in reverse: here they are
    that.

    Args:
        config: sizes; see `GTCRNConfig`.

    Returns:
        A functional model on waveforms, `[batch, samples]` -> `[batch, samples]`.

    Raises:
        ConfigError: bands and bins cannot be halved twice and doubled again, or another
            setting is out of range.
    """
    _check(config)
    return around_core(config, _core(config), ComplexMasking(name="masking"))


def _core(config: GTCRNConfig) -> keras.Model:
    """Returns the network from spectrum to complex ratio mask."""
    spectrum, x = spectrum_input(config)
    bins = x.shape[2]
    # === Features === [B, T, 257, 2] -> [B, T, 129, 9]
    x = AppendChannel(name="features")(x, Magnitude(1e-12, name="magnitude")(x))
    x = BandMerging(config.kept_bins, config.bands, config.sample_rate, name="to_bands")(x)
    x = NeighbouringBins(name="neighbours")(x)
    # === Encoder === -> [B, T, 33, channels]
    x, skips = _encoder(config, x)
    # === Dual-path blocks ===
    for block in range(config.blocks):
        x = _dual_path(config, f"dual_path_{block}", x)
    # === Decoder === -> [B, T, 129, 2] -> [B, T, 257, 2]
    x = _decoder(config, x, skips)
    x = BandSplitting(config.kept_bins, bins, config.sample_rate, name="from_bands")(x)
    return core_model(config, spectrum, {"mask": x})


def _encoder(config: GTCRNConfig, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    skips = []
    for stage in range(_HALVINGS):
        convolution = CausalConv2D(
            config.channels,
            _KERNEL,
            _STRIDE,
            padding=_PADDING,
            groups=_GROUPS if stage else 1,
            name=f"encoder_{stage}",
        )
        x = _activated(config, f"encoder_{stage}", convolution(x))
        skips.append(x)
    for dilation in config.dilations:
        x = _temporal_block(config, f"encoder_{len(skips)}", dilation, x)
        skips.append(x)
    return x, skips


def _decoder(config: GTCRNConfig, x: Tensor, skips: list[Tensor]) -> Tensor:
    """Mirrors the encoder: stage n has the output of encoder stage n added to its input."""
    for stage in reversed(range(len(skips))):
        name = f"decoder_{stage}"
        x = keras.layers.Add(name=f"skip_{stage}")([x, skips[stage]])
        if stage >= _HALVINGS:
            x = _temporal_block(config, name, config.dilations[stage - _HALVINGS], x)
            continue
        x = CausalConv2DTranspose(
            config.channels if stage else 2,
            _KERNEL,
            _STRIDE,
            cropping=_PADDING,
            groups=_GROUPS if stage else 1,
            name=name,
        )(x)
        x = _activated(config, name, x) if stage else _normalized(config, name, x)
    return keras.layers.Activation("tanh", name="mask")(x)


def _temporal_block(config: GTCRNConfig, name: str, dilation: int, x: Tensor) -> Tensor:
    """Convolves half of the channels over time and shuffles them with the other half."""
    half = config.channels // 2
    y, passed = ChannelSplit(name=f"{name}_split")(x)
    y = CausalConv2D(config.channels, (1, 3), padding=(1, 1), name=f"{name}_in")(y)
    y = _activated(config, f"{name}_in", y)
    y = CausalConv2D(
        config.channels,
        (3, 3),
        dilation=(dilation, 1),
        padding=(1, 1),
        groups=config.channels,
        name=f"{name}_depth",
    )(y)
    y = _activated(config, f"{name}_depth", y)
    y = CausalConv2D(half, (1, 1), name=f"{name}_out")(y)
    y = _normalized(config, f"{name}_out", y)
    y = TemporalRecurrentAttention(config.channels, name=f"{name}_attention")(y)
    return ChannelShuffle(name=f"{name}_shuffle")(y, passed)


def _dual_path(config: GTCRNConfig, name: str, x: Tensor) -> Tensor:
    """Applies two residual stages: a GRU over frequency, then one over time for each bin."""
    frequency = FrequencyGRU(config.channels // 2, _GROUPS, name=f"{name}_frequency")
    time = TimeGRU(config.channels, _GROUPS, name=f"{name}_time")
    for gru in (frequency, time):
        y = keras.layers.Dense(config.channels, name=f"{gru.name}_dense")(gru(x))
        y = FrameNormalization(1e-8, name=f"{gru.name}_norm")(y)
        x = keras.layers.Add(name=f"{gru.name}_sum")([x, y])
    return x


def _activated(config: GTCRNConfig, name: str, x: Tensor) -> Tensor:
    x = _normalized(config, name, x)
    # One slope for all channels.
    return keras.layers.PReLU(
        keras.initializers.Constant(0.25), shared_axes=[1, 2, 3], name=f"{name}_prelu"
    )(x)


def _normalized(config: GTCRNConfig, name: str, x: Tensor) -> Tensor:
    return BatchNormalization(
        momentum=config.momentum, epsilon=config.epsilon, name=f"{name}_norm"
    )(x)


def _check(config: GTCRNConfig) -> None:
    if (config.kept_bins + config.bands - 1) % _STRIDE**_HALVINGS:
        raise ConfigError(
            "`kept_bins` + `bands` - 1 must be a multiple of 4, to be halved twice; received "
            f"kept_bins={config.kept_bins}, bands={config.bands}."
        )
    if config.channels < 1 or config.channels % (2 * _GROUPS):
        raise ConfigError(f"`channels` must be a multiple of 4; received {config.channels}.")
