"""DPCRN: dual-path convolution recurrent network.

Le, Chen, Chen and Lu, "DPCRN: Dual-path convolution recurrent network for
single channel speech enhancement", Interspeech 2021.
"""

# No `from __future__ import annotations` here: config flags read the types of
# the dataclass fields, and would find strings.
import dataclasses

import keras

from tfse.errors import ConfigError
from tfse.layers import (
    BatchNormalization,
    CausalConv2D,
    CausalConv2DTranspose,
    ComplexMasking,
    DualPathBlock,
    FrameNormalization,
    PolarMask,
)
from tfse.models.config import ModelConfig
from tfse.models.enhancement_model import EnhancementModel, around_core, core_model, spectrum_input
from tfse.models.features import with_log_power
from tfse.models.registry import register
from tfse.types import Tensor

# Real and imaginary part: of the spectrum that comes in, of the mask that goes out.
_COMPLEX = 2
# Channels that the decoder gives for a mask: real and imaginary part, or
# magnitude, cosine and sine.
_MASK_CHANNELS = {"complex": _COMPLEX, "polar": 3}


@dataclasses.dataclass
class DPCRNConfig(ModelConfig):
    """Settings of a DPCRN; the defaults are the paper's.

    The decoder mirrors the encoder: filters, kernels and strides in reverse.

    Attributes:
        log_power_input: gives the encoder a third channel, the log power of every
            bin, standardized by the training set: unlike the other two it tells
            loud frames from quiet ones.
        mask: "complex", the real and imaginary part of a complex ratio mask, as in
            the paper; or "polar", a bounded magnitude and a phase rotation, see
            `PolarMask`.
        filters: of each encoder convolution.
        kernel_sizes: (frames, bins) of each.
        strides: over frequency, of each.
        paddings: zeros (below, above) the bins, of each.
        blocks: dual-path blocks between encoder and decoder.
        frequency_units: of each direction of the BLSTM over frequency.
        time_units: of the LSTM over time.
        recurrent_activation: of all gates; "keras2_hard_sigmoid" fits the
            weights published with the paper, "sigmoid" runs on cuDNN.
        epsilon: of batch and layer normalization.
        momentum: of the batch normalization's moving averages.
    """

    name: str = "dpcrn"
    frame_length: int = 400
    hop_length: int = 200
    fft_length: int = 400
    window: str = "sine"
    log_power_input: bool = False
    mask: str = "complex"
    filters: tuple[int, ...] = (32, 32, 32, 64, 128)
    kernel_sizes: tuple[tuple[int, int], ...] = ((2, 5), (2, 3), (2, 3), (2, 3), (2, 3))
    strides: tuple[int, ...] = (2, 2, 1, 1, 1)
    paddings: tuple[tuple[int, int], ...] = ((0, 2), (0, 1), (1, 1), (1, 1), (1, 1))
    blocks: int = 2
    frequency_units: int = 64
    time_units: int = 128
    recurrent_activation: str = "sigmoid"
    epsilon: float = 1e-3
    momentum: float = 0.99


def dpcrn_on_32_bins(
    name: str, filters: tuple[int, ...], frequency_units: int, time_units: int
) -> DPCRNConfig:
    """Returns the settings that the shipped DPCRNs share: frames of 32 ms every 16 ms.

    A third stage with stride, so that 32 bins reach the LSTMs instead of 50, which halves the
    cost; the log power of every bin as a third input, since the paper's normalization hides
    which frames are loud; a mask of a bounded magnitude and a phase rotation. A constant
    offset is subtracted from the waveform.

    Args:
        name: of the model.
        filters: of the five encoder convolutions.
        frequency_units: of each direction of the BLSTM over frequency.
        time_units: of the LSTM over time.
    """
    return DPCRNConfig(
        name=name,
        frame_length=512,
        hop_length=256,
        fft_length=512,
        log_power_input=True,
        mask="polar",
        dc_time_s=0.5,
        filters=filters,
        strides=(2, 2, 2, 1, 1),
        paddings=((0, 2), (0, 1), (0, 1), (1, 1), (1, 1)),
        frequency_units=frequency_units,
        time_units=time_units,
    )


@register(DPCRNConfig)
def build_dpcrn(config: DPCRNConfig) -> EnhancementModel:
    """Builds a DPCRN.

    Args:
        config: sizes; see `DPCRNConfig`.

    Returns:
        A functional model on waveforms, `[batch, samples]` -> `[batch, samples]`.

    Raises:
        ConfigError: the stages' settings differ in number, a stage's bins cannot
            be had back by its mirror image, or there is no such mask.
    """
    _check_stages(config)
    _check_mask(config)
    return around_core(config, _core(config), ComplexMasking(name="masking"))


def _core(config: DPCRNConfig) -> keras.Model:
    """Returns the network from spectrum to complex ratio mask."""
    spectrum, x = spectrum_input(config)
    x = _features(config, x)
    skips = []
    for stage in range(len(config.filters)):
        x = _encoder_stage(config, stage, x)
        skips.append(x)
    for block in range(config.blocks):
        x = DualPathBlock(
            config.frequency_units,
            config.time_units,
            config.recurrent_activation,
            config.epsilon,
            name=f"dual_path_{block}",
        )(x)
    for stage in reversed(range(len(config.filters))):
        x = keras.layers.Concatenate(name=f"skip_{stage}")([skips[stage], x])
        x = _decoder_stage(config, stage, x)
    if config.mask == "polar":
        x = PolarMask(name="polar_mask")(x)
    return core_model(config, spectrum, {"mask": x})


def _features(config: DPCRNConfig, spectrum: Tensor) -> Tensor:
    x = FrameNormalization(config.epsilon, name="input_norm")(spectrum)
    return with_log_power(x, spectrum) if config.log_power_input else x


def _encoder_stage(config: DPCRNConfig, stage: int, x: Tensor) -> Tensor:
    convolution = CausalConv2D(
        config.filters[stage],
        config.kernel_sizes[stage],
        config.strides[stage],
        padding=config.paddings[stage],
        name=f"encoder_{stage}",
    )
    x = convolution(x)
    _check_mirror(config, stage, convolution._bins)
    return _normalized(config, f"encoder_{stage}", x)


def _decoder_stage(config: DPCRNConfig, stage: int, x: Tensor) -> Tensor:
    """Undoes encoder stage `stage`; what that one padded, this one crops."""
    last = stage == 0
    x = CausalConv2DTranspose(
        _MASK_CHANNELS[config.mask] if last else config.filters[stage - 1],
        config.kernel_sizes[stage],
        config.strides[stage],
        cropping=config.paddings[stage],
        name=f"decoder_{stage}",
    )(x)
    return x if last else _normalized(config, f"decoder_{stage}", x)


def _normalized(config: DPCRNConfig, name: str, x: Tensor) -> Tensor:
    x = BatchNormalization(momentum=config.momentum, epsilon=config.epsilon, name=f"{name}_norm")(x)
    return keras.layers.PReLU(shared_axes=[1, 2], name=f"{name}_prelu")(x)


def _check_stages(config: DPCRNConfig) -> None:
    names = ("filters", "kernel_sizes", "strides", "paddings")
    counts = {name: len(getattr(config, name)) for name in names}
    if len(set(counts.values())) != 1 or not config.filters:
        raise ConfigError(f"every encoder stage needs all its settings; received {counts}.")


def _check_mask(config: DPCRNConfig) -> None:
    if config.mask not in _MASK_CHANNELS:
        raise ConfigError(
            f"`mask` must be one of {list(_MASK_CHANNELS)}; received {config.mask!r}."
        )


def _check_mirror(config: DPCRNConfig, stage: int, bins: int) -> None:
    padded = bins + sum(config.paddings[stage])
    surplus = (padded - config.kernel_sizes[stage][1]) % config.strides[stage]
    if surplus:
        raise ConfigError(
            "the padded bins of a stage, less its kernel, must be a multiple of its stride; "
            f"received {padded} padded bins, kernel_sizes={config.kernel_sizes[stage]}, "
            f"stride={config.strides[stage]} in stage {stage}."
        )
