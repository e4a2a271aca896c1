"""SEGAN+: convolutional encoder and decoder on windows of a second, for recordings only.

Pascual, Bonafonte and Serra, "SEGAN: Speech enhancement generative adversarial network",
Interspeech 2017; Pascual, Serra and Bonafonte, "Time-domain speech enhancement using
generative adversarial networks", Speech Communication 114, 2019, for the shallower SEGAN+.
"""

# No `from __future__ import annotations`: config flags need the types of dataclass
# fields, not strings.
import dataclasses

import keras

from tfse.errors import ConfigError
from tfse.layers import (
    CausalConv2D,
    CausalConv2DTranspose,
    ChannelScale,
    CrossFade,
    DeEmphasis,
    LatentCode,
    OverlappedWindows,
    PreEmphasis,
    ReflectPadding,
    WaveformInput,
)
from tfse.models.config import ModelConfig
from tfse.models.enhancement_model import EnhancementModel
from tfse.models.registry import register
from tfse.types import Tensor


@dataclasses.dataclass
class SEGANPlusConfig(ModelConfig):
    """Settings of a SEGAN+ generator; the defaults are the paper's.

    Attributes:
        window_length: samples that the network sees at once.
        overlap: cross-fades windows that overlap by half. Without it windows are joined, as by
            the authors, which is half the work and may be heard where they meet.
        pre_emphasis: coefficient of the filter before the network, and of its inverse.
        filters: per level; the decoder mirrors them.
        kernel_size: samples per convolution, odd.
        stride: of every convolution, even.
        latent_channels: of the code beside the deepest level.
        latent_std: standard deviation of the code; 0 for zeros.
        latent_seed: of the code, which is the same in every window and every run.
    """

    name: str = "segan_plus"
    window_length: int = 16_384
    overlap: bool = True
    pre_emphasis: float = 0.95
    filters: tuple[int, ...] = (64, 128, 256, 512, 1024)
    kernel_size: int = 31
    stride: int = 4
    latent_channels: int = 1024
    latent_std: float = 1.0
    latent_seed: int = 111


@register(SEGANPlusConfig)
def build_segan_plus(config: SEGANPlusConfig) -> EnhancementModel:
    """Builds the generator of a SEGAN+.

    It is for recordings: `require_streamable` refuses it, since a window of a second is seen
    whole. With `overlap=False`, the same weights and code as the authors' return the same
    waveform. They draw the code anew for the first window of each file; here it is drawn once,
    from `latent_seed`.

    Args:
        config: sizes; see `SEGANPlusConfig`.

    Returns:
        A functional model on waveforms, `[batch, samples]` -> `[batch, samples]`.

    Raises:
        ConfigError: a size is out of range.
    """
    _check(config)
    window, hop = config.window_length, config.window_length // (2 if config.overlap else 1)
    noisy = keras.Input((None,), name="noisy")
    x = WaveformInput(config.sample_rate, hop, name="input")(noisy)
    x = PreEmphasis(config.pre_emphasis, name="pre_emphasis")(x)
    x = OverlappedWindows(window, hop, name="windows")(x)
    # === Encoder === [B, W, 16384, 1] -> [B, W, 16, 1024]
    skips = []
    for level in range(len(config.filters)):
        x = _encoder_level(config, level, x)
        skips.append(x)
        x = _prelu(f"encoder_{level}", x)
    # === Decoder === [B, W, 16, 2048] -> [B, W, 16384, 1]
    x = LatentCode(
        config.latent_channels, config.latent_std, config.latent_seed, name="latent_code"
    )(x)
    for level in reversed(range(len(config.filters))):
        x = _decoder_level(config, level, x)
        if level:
            skip = ChannelScale(name=f"skip_{level - 1}_scale")(skips[level - 1])
            x = keras.layers.Concatenate(name=f"skip_{level - 1}")([x, skip])
    x = CrossFade(window, hop, name="cross_fade")(x)
    enhanced = DeEmphasis(config.pre_emphasis, name="de_emphasis")(x)
    return EnhancementModel(noisy, enhanced, name=config.name)


def _encoder_level(config: SEGANPlusConfig, level: int, x: Tensor) -> Tensor:
    """Returns a level before its activation, from where the skip leaves."""
    half = config.kernel_size // 2
    x = ReflectPadding((half - 1, half), name=f"encoder_{level}_edges")(x)
    return CausalConv2D(
        config.filters[level], (1, config.kernel_size), config.stride, name=f"encoder_{level}"
    )(x)


def _decoder_level(config: SEGANPlusConfig, level: int, x: Tensor) -> Tensor:
    below = (config.kernel_size - config.stride) // 2
    x = CausalConv2DTranspose(
        config.filters[level - 1] if level else 1,
        (1, config.kernel_size),
        config.stride,
        cropping=(below, below + 1),
        name=f"decoder_{level}",
    )(x)
    if level:
        return _prelu(f"decoder_{level}", x)
    return keras.layers.Activation("tanh", name="decoder_0_tanh")(x)


def _prelu(name: str, x: Tensor) -> Tensor:
    return keras.layers.PReLU(shared_axes=[1, 2], name=f"{name}_prelu")(x)


def _check(config: SEGANPlusConfig) -> None:
    if (
        config.kernel_size % 2 == 0
        or config.stride % 2
        or not 0 < config.stride < config.kernel_size
    ):
        raise ConfigError(
            "`kernel_size` must be odd, and `stride` even and smaller; received "
            f"kernel_size={config.kernel_size}, stride={config.stride}."
        )
    deepest, rest = divmod(config.window_length, config.stride ** len(config.filters))
    if rest or not deepest or not config.filters:
        raise ConfigError(
            "`window_length` must be a multiple of stride ** levels, with one level or more; "
            f"received window_length={config.window_length}, stride={config.stride}, "
            f"filters={config.filters}."
        )
