"""Transformer-IRM: causal self-attention that estimates the ideal ratio mask.

Features and target of the LSTM-IRM (Wang, Narayanan and Wang, "On training targets for
supervised speech separation", IEEE/ACM TASLP 22(12), 2014); blocks of self-attention (Vaswani
et al., NeurIPS 2017) over the last frames, and the convolutional feed-forward of FastSpeech (Ren
et al., NeurIPS 2019).
"""

# No `from __future__ import annotations`: config flags need the types of dataclass
# fields, not strings.
import dataclasses

import keras

from tfse.errors import ConfigError
from tfse.layers import (
    ConvolutionalFeedForward,
    FeatureNormalization,
    LogPower,
    MagnitudeMasking,
    SkipSum,
    Standardization,
    TimeAttention,
)
from tfse.models.config import SpectralModelConfig
from tfse.models.enhancement_model import EnhancementModel, around_core, core_model, spectrum_input
from tfse.models.registry import register
from tfse.types import Tensor


@dataclasses.dataclass
class TransformerIRMConfig(SpectralModelConfig):
    """Settings of a Transformer-IRM.

    Attributes:
        blocks: blocks of attention and feed-forward.
        channels: of the blocks.
        heads: of the attention; divides the channels.
        attended_frames: frames to which a frame attends, itself among them; 64 are a second.
            The state of a stream is the keys and values of all but the newest.
        feed_forward_units: channels between the convolutions of the feed-forward.
        kernel_size: frames per convolution of the feed-forward.
        power_floor: added to the power of every bin before the logarithm.
    """

    name: str = "transformer_irm"
    blocks: int = 4
    channels: int = 192
    heads: int = 4
    attended_frames: int = 64
    feed_forward_units: int = 384
    kernel_size: int = 3
    power_floor: float = 1e-8


@register(TransformerIRMConfig)
def build_transformer_irm(config: TransformerIRMConfig) -> EnhancementModel:
    """Builds a Transformer-IRM.

    Args:
        config: sizes; see `TransformerIRMConfig`.

    Returns:
        A functional model on waveforms, `[batch, samples]` -> `[batch, samples]`.

    Raises:
        ConfigError: a size is below 1, or `heads` does not divide `channels`.
    """
    if min(config.blocks, config.channels) < 1:
        raise ConfigError(
            "`blocks` and `channels` must be 1 or more; received "
            f"blocks={config.blocks}, channels={config.channels}."
        )
    return around_core(config, _core(config), MagnitudeMasking(name="masking"))


def _core(config: TransformerIRMConfig) -> keras.Model:
    """Returns the network from spectrum to ratio mask."""
    spectrum, x = spectrum_input(config)
    # === Features === [B, T, F, 2] -> [B, T, channels]
    x = LogPower(config.power_floor, name="log_power")(x)
    x = Standardization(name="standardization")(x)
    x = keras.layers.Dense(config.channels, name="projection")(x)
    # === Blocks === [B, T, channels]
    for block in range(config.blocks):
        x = _block(config, block, x)
    # === Mask === [B, T, F]
    x = FeatureNormalization(name="norm")(x)
    bins = config.fft_length // 2 + 1
    mask = keras.layers.Dense(bins, activation="sigmoid", name="mask")(x)
    return core_model(config, spectrum, {"mask": mask})


def _block(config: TransformerIRMConfig, block: int, x: Tensor) -> Tensor:
    """Applies two residual stages, each normalized at its input, which needs no long warm-up."""
    y = FeatureNormalization(name=f"block_{block}_attention_norm")(x)
    y = TimeAttention(config.heads, config.attended_frames, name=f"block_{block}_attention")(y)
    y = keras.layers.Dense(config.channels, name=f"block_{block}_attention_dense")(y)
    x = SkipSum(name=f"block_{block}_attention_sum")(x, y)
    y = FeatureNormalization(name=f"block_{block}_feed_forward_norm")(x)
    y = ConvolutionalFeedForward(
        config.feed_forward_units, config.kernel_size, name=f"block_{block}_feed_forward"
    )(y)
    return SkipSum(name=f"block_{block}_feed_forward_sum")(x, y)
