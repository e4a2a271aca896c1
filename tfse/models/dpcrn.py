"""DPCRN: dual-path convolution recurrent network.

Le, Chen, Chen and Lu, "DPCRN: Dual-path convolution recurrent network for
single channel speech enhancement", Interspeech 2021.
"""

# No `from __future__ import annotations`: config flags need the types of dataclass
# fields, not strings.
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
from tfse.models.config import SpectralModelConfig
from tfse.models.enhancement_model import EnhancementModel, around_core, core_model, spectrum_input
from tfse.models.features import with_log_power
from tfse.models.registry import register
from tfse.types import Tensor

# Real and imaginary part, of the input spectrum and of the output mask.
_COMPLEX = 2
# Output channels of the decoder: real and imaginary part, or magnitude, cosine and sine.
_MASK_CHANNELS = {"complex": _COMPLEX, "polar": 3}


@dataclasses.dataclass
class DPCRNConfig(SpectralModelConfig):
    """Settings of a DPCRN; the defaults are the paper's.

    The decoder mirrors the encoder: filters, kernels and strides in reverse.

    Attributes:
        log_power_input: adds a third input channel, the log power of every bin,
            standardized by the training set: unlike the other two it depends on the
            level of a frame.
        mask: "complex", the real and imaginary part of a complex ratio mask, as in
            the paper; or "polar", a bounded magnitude and a phase rotation, see
            `PolarMask`.
        filters: per encoder convolution.
        kernel_sizes: (frames, bins) per encoder convolution.
        strides: over frequency, per encoder convolution.
        paddings: zeros (below, above) the bins, per encoder convolution.
        blocks: dual-path blocks between encoder and decoder.
        frequency_units: per direction of the BLSTM over frequency.
        time_units: of the LSTM over time.
        recurrent_activation: of all gates; "keras2_hard_sigmoid" for the weights
            published with the paper, "sigmoid" for cuDNN.
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

    Differences to the paper: a third strided stage, which halves the cost since the LSTMs
    receive 32 bins instead of 50; the log power of every bin as a third input, since the
    paper's normalization removes the level of frames; a polar mask; and DC removal.

    Args:
        name: of the model.
        filters: per encoder convolution, five.
        frequency_units: per direction of the BLSTM over frequency.
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
        ConfigError: the settings of stages differ in number, the decoder cannot restore
            the bins of a stage, or the mask is unknown.
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
    """Mirrors encoder stage `stage`: crops the bins that it padded."""
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
        raise ConfigError(
            "`filters`, `kernel_sizes`, `strides` and `paddings` must have one entry per encoder "
            f"stage; received the lengths {counts}."
        )


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
