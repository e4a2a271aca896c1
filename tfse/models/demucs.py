"""Demucs of denoiser: convolutional encoder and decoder on waveforms with an LSTM between.

Defossez, Synnaeve and Adi, "Real time speech enhancement in the waveform domain",
Interspeech 2020.
"""

# No `from __future__ import annotations`: config flags need the types of dataclass
# fields, not strings.
import dataclasses

import keras

from tfse.errors import ConfigError
from tfse.layers import (
    RESAMPLING_DELAY,
    CausalConv1D,
    CausalConv1DTranspose,
    Delay,
    DivideByLevel,
    DownsampleByTwo,
    FrameCounter,
    FullFrameModel,
    GatedLinearUnit,
    GateFrames,
    RunningLevel,
    SkipSum,
    StartGate,
    TimeLSTM,
    UpsampleByTwo,
    WaveformInput,
    WaveformOutput,
    WaveformToFrames,
)
from tfse.models.config import ModelConfig
from tfse.models.enhancement_model import EnhancementModel
from tfse.models.registry import register
from tfse.types import Tensor

# Factor of the sample rate inside -> number of resamplings by 2 on either side.
_RESAMPLINGS = {1: 0, 2: 1, 4: 2}
_LSTM_LAYERS = 2


@dataclasses.dataclass
class DemucsConfig(ModelConfig):
    """Settings of a Demucs; the defaults are those of the published `dns48`.

    Attributes:
        hidden: channels of the first level, doubled per level: 48 (18.9 M parameters) or 64
            (33.5 M) in the paper.
        depth: levels of the encoder and the decoder.
        kernel_size: frames per convolution.
        stride: of every convolution.
        resample: factor by which the sample rate is raised inside: 1, 2 or 4.
        normalize: divides the waveform by its level so far, see `RunningLevel`, and multiplies
            the output by it. The published weights expect it.
        floor: added to the level before the division, linear.
    """

    name: str = "demucs"
    hidden: int = 48
    depth: int = 5
    kernel_size: int = 8
    stride: int = 4
    resample: int = 4
    normalize: bool = True
    floor: float = 1e-3


def hop_length(config: DemucsConfig) -> int:
    """Returns the samples per hop: those of one frame at the deepest level."""
    return int(config.stride**config.depth // config.resample)


def encoder_delays(config: DemucsConfig) -> list[int]:
    """Returns the delays of the encoder's input and of every level, in frames of the level.

    The kernels of the authors reach ahead: output frame t covers the input frames `stride * t`
    to `stride * t + kernel_size - 1`. Here a frame is computed once the last of them has
    arrived. If the input of a level is D frames late, the output is the least D' frames late
    with

        stride * (t - D') + kernel_size - 1 + D <= stride * t + stride - 1
    """
    # Each upsampling waits for `RESAMPLING_DELAY` samples of its input.
    rates = [config.resample // 2**number for number in range(_RESAMPLINGS[config.resample])]
    delays = [RESAMPLING_DELAY * sum(rates)]
    for _ in range(config.depth):
        reach = config.kernel_size - config.stride + delays[-1]
        delays.append(-(-reach // config.stride))
    return delays


def decoder_delay(config: DemucsConfig, level: int) -> int:
    """Returns the delay of the decoder at a level, in frames of the level; 0 is the waveform."""
    deepest = encoder_delays(config)[-1]
    return int(deepest * config.stride ** (config.depth - level))


def latency_samples(config: DemucsConfig) -> int:
    """Returns the delay of the whole model, in samples of its waveform."""
    rates = [config.resample // 2**number for number in range(_RESAMPLINGS[config.resample])]
    inside = decoder_delay(config, 0) + RESAMPLING_DELAY * sum(rates)
    return inside // config.resample


@register(DemucsConfig)
def build_demucs(config: DemucsConfig) -> EnhancementModel:
    """Builds a Demucs.

    The same weights as the authors' return the same waveform, late by `latency_samples`, with
    two differences. Theirs divides a recording by its standard deviation, and a stream by the
    running mean square of its windows of 41 ms; here the level is the mean square from the
    first sample to the end of the present hop, for recordings too, and the output is multiplied
    by the level that its input was divided by. And their output of a recording ends with the
    recording, where here silence follows it, as in their stream: the last 27 ms differ.

    Args:
        config: sizes; see `DemucsConfig`.

    Returns:
        A functional model on waveforms, `[batch, samples]` -> `[batch, samples]`.

    Raises:
        ConfigError: a size is out of range, or a hop is not a whole number of samples.
    """
    _check(config)
    noisy = keras.Input((None,), name="noisy")
    waveform = WaveformInput(config.sample_rate, hop_length(config), name="input")(noisy)
    level = None
    if config.normalize:
        level = RunningLevel(hop_length(config), name="level")(waveform)
        waveform = DivideByLevel(config.floor, name="normalized")(waveform, level)
    # === Encoder === [B, 4 N, 1] -> [B, T, 16 hidden], with N = T hops
    x = _upsampled(config, WaveformToFrames(name="samples")(waveform))
    skips = []
    for number in range(config.depth):
        x = _encoder_level(config, number, x)
        skips.append(x)
    # === LSTM === [B, T, 16 hidden]
    gate = StartGate(encoder_delays(config)[-1], name="start")(x)
    x = _bottleneck(config, x.shape[-1])(x)
    # === Decoder === [B, T, 16 hidden] -> [B, 4 N, 1]
    for number in reversed(range(config.depth)):
        x = _decoder_level(config, number, x, skips[number], gate)
    enhanced = _downsampled(config, x)
    latency = latency_samples(config)
    enhanced = WaveformOutput(latency, name="output")(enhanced)
    if level is not None:
        level = Delay(latency, dtype="float32", name="level_delay")(level)
        enhanced = keras.layers.Multiply(dtype="float32", name="denormalized")([enhanced, level])
    return EnhancementModel(noisy, enhanced, name=config.name)


def _upsampled(config: DemucsConfig, x: Tensor) -> Tensor:
    delay = 0
    for number in range(_RESAMPLINGS[config.resample]):
        x = _from_start(delay, f"upsampling_{number}", x)
        x = UpsampleByTwo(name=f"upsampling_{number}")(x)
        delay = 2 * (delay + RESAMPLING_DELAY)
    return x


def _downsampled(config: DemucsConfig, x: Tensor) -> Tensor:
    delay = decoder_delay(config, 0)
    for number in range(_RESAMPLINGS[config.resample]):
        x = _from_start(delay, f"downsampling_{number}", x)
        x = DownsampleByTwo(name=f"downsampling_{number}")(x)
        delay = delay // 2 + RESAMPLING_DELAY
    return x


def _from_start(delay: int, name: str, x: Tensor) -> Tensor:
    """Removes what rings before sample 0, where the authors' signals begin."""
    if not delay:
        return x
    gate = StartGate(delay, name=f"{name}_start")(x)
    return GateFrames(1, dtype="float32", name=f"{name}_from_start")(x, gate)


def _encoder_level(config: DemucsConfig, number: int, x: Tensor) -> Tensor:
    channels = _channels(config, number)
    before, after = encoder_delays(config)[number : number + 2]
    # [B, 4 T, channels / 2] -> [B, T, channels]
    x = CausalConv1D(
        channels,
        config.kernel_size,
        config.stride,
        held_back=config.stride * after - before - (config.kernel_size - config.stride),
        name=f"encoder_{number}",
    )(x)
    x = keras.layers.ReLU(name=f"encoder_{number}_relu")(x)
    return _gated(channels, f"encoder_{number}", x)


def _decoder_level(
    config: DemucsConfig, number: int, x: Tensor, skip: Tensor, gate: Tensor
) -> Tensor:
    wait = decoder_delay(config, number + 1) - encoder_delays(config)[number + 1]
    skip = Delay(wait, name=f"skip_{number}")(skip)
    x = SkipSum(name=f"add_{number}")(x, skip)
    x = _gated(_channels(config, number), f"decoder_{number}", x)
    # Frames before sample 0 would reach into the first samples.
    frames = config.stride ** (config.depth - number - 1)
    x = GateFrames(frames, name=f"decoder_{number}_from_start")(x, gate)
    # [B, T, channels] -> [B, 4 T, channels / 2]
    x = CausalConv1DTranspose(
        _channels(config, number - 1) if number else 1,
        config.kernel_size,
        config.stride,
        name=f"decoder_{number}",
    )(x)
    return keras.layers.ReLU(name=f"decoder_{number}_relu")(x) if number else x


def _gated(channels: int, name: str, x: Tensor) -> Tensor:
    x = keras.layers.Dense(2 * channels, kernel_initializer="he_normal", name=f"{name}_mix")(x)
    return GatedLinearUnit(name=f"{name}_glu")(x)


def _bottleneck(config: DemucsConfig, channels: int) -> keras.Model:
    """Returns the LSTMs, whose states stay zero in the frames before sample 0."""
    frames = keras.Input((None, channels), name="frames")
    x = FrameCounter(encoder_delays(config)[-1], name="first_frames")(frames)
    for number in range(_LSTM_LAYERS):
        x = TimeLSTM(channels, name=f"lstm_{number}")(x)
    return FullFrameModel(frames, x, name="bottleneck")


def _channels(config: DemucsConfig, number: int) -> int:
    return config.hidden * int(2**number)


def _check(config: DemucsConfig) -> None:
    if config.resample not in _RESAMPLINGS:
        raise ConfigError(
            f"`resample` must be one of {list(_RESAMPLINGS)}; received {config.resample}."
        )
    if min(config.hidden, config.depth) < 1 or not 1 < config.stride < config.kernel_size:
        raise ConfigError(
            "`hidden` and `depth` must be 1 or more, and 1 < `stride` < `kernel_size`; received "
            f"hidden={config.hidden}, depth={config.depth}, stride={config.stride}, "
            f"kernel_size={config.kernel_size}."
        )
    if config.stride**config.depth % config.resample:
        raise ConfigError(
            "`resample` must divide stride ** depth; received "
            f"resample={config.resample}, stride={config.stride}, depth={config.depth}."
        )
