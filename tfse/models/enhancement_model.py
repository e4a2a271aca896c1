"""Enhancement model: waveform to waveform, with sample rate, hop and latency."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from tfse.errors import ConfigError, ModelError
from tfse.layers import (
    STFT,
    DCRemoval,
    FrameCounter,
    FullFrameModel,
    InverseSTFT,
    WaveformInput,
)
from tfse.layers import latency_samples as total_latency
from tfse.layers.graph import all_layers, outputs_of_last_call
from tfse.models.config import SpectralModelConfig
from tfse.types import Tensor

_FIRST_FRAMES = ("partial", "full")
# Hop of the transform of models without one.
_STFT_HOP_S = 0.016


@keras.saving.register_keras_serializable(package="tfse")
class EnhancementModel(keras.Model):
    """Functional model from noisy to enhanced waveforms.

    Sample rate, hop and latency are read from the layers that define them, so they are
    saved in the `.keras` file and are always consistent with it.

    Shapes:
        noisy `[batch, samples]` -> enhanced `[batch, samples]`, float32, samples a
        multiple of `hop_length`, the output `latency_samples` late.
    """

    @property
    def stft(self) -> STFT:
        """The first short-time Fourier transform of the model.

        For a model on waveforms, one of 32 ms and half overlap, for losses and pictures.
        """
        if isinstance(front := self._front, STFT):
            return front
        hop = round(_STFT_HOP_S * self.sample_rate)
        return STFT(2 * hop, hop, sample_rate=self.sample_rate, name="stft")

    @property
    def sample_rate(self) -> int:
        """Sample rate of the model, in Hz."""
        return int(self._front.sample_rate)

    @property
    def hop_length(self) -> int:
        """Samples per hop; the length of the input is a multiple of it."""
        return int(self._front.hop_length)

    @property
    def _front(self) -> STFT | WaveformInput:
        """The layer that declares sample rate and hop."""
        for layer in all_layers(self):
            if isinstance(layer, STFT | WaveformInput):
                return layer
        raise ModelError(
            f"the model {self.name!r} has no STFT or WaveformInput layer; add one of them."
        )

    @property
    def latency_samples(self) -> int:
        """Samples by which the output is later than the input."""
        return total_latency(self)


def spectrum_input(config: SpectralModelConfig) -> tuple[Tensor, Tensor]:
    """Returns the input of a core, `[batch, frames, bins, 2]`, and the tensor for its layers.

    Raises:
        ConfigError: `first_frame` is unknown, or no frame starts at sample 0.
    """
    if config.first_frame not in _FIRST_FRAMES:
        raise ConfigError(
            f"`first_frame` must be one of {list(_FIRST_FRAMES)}; received {config.first_frame!r}."
        )
    spectrum = keras.Input((None, config.fft_length // 2 + 1, 2), name="spectrum")
    partial = _partial_frames(config)
    return spectrum, FrameCounter(partial, name="start")(spectrum) if partial else spectrum


def core_model(
    config: SpectralModelConfig, spectrum: Tensor, heads: dict[str, Tensor]
) -> keras.Model:
    """Returns the core from `spectrum_input` to its heads by name."""
    kind = FullFrameModel if _partial_frames(config) else keras.Model
    return kind(spectrum, heads, name="core")


def _partial_frames(config: SpectralModelConfig) -> int:
    """Returns the number of frames at the start that leave no state in the core."""
    if config.first_frame == "partial":
        return 0
    if config.frame_length % config.hop_length:
        raise ConfigError(
            '`hop_length` must divide `frame_length` for first_frame="full"; received '
            f"hop_length={config.hop_length}, frame_length={config.frame_length}."
        )
    return config.frame_length // config.hop_length - 1


def around_core(
    config: SpectralModelConfig, core: keras.Model, masking: keras.layers.Layer
) -> EnhancementModel:
    """Puts a core on spectra between a transform and its inverse.

    Args:
        config: settings of the transform.
        core: from spectrum to a dict of heads, `mask` among them.
        masking: layer that applies the mask to the noisy spectrum.

    Returns:
        The model on waveforms.
    """
    return around_spectrum(config, lambda spectrum: masking(spectrum, core(spectrum)["mask"]))


def around_spectrum(
    config: SpectralModelConfig, enhance: Callable[[Tensor], Tensor]
) -> EnhancementModel:
    """Puts layers on spectra between a transform and its inverse.

    Args:
        config: settings of the transform.
        enhance: from the noisy to the enhanced spectrum; applies the core and its heads.

    Returns:
        The model on waveforms.
    """
    noisy, spectrum = noisy_and_spectrum(config)
    inverse = InverseSTFT(**_transform(config), name="inverse_stft")
    return EnhancementModel(noisy, inverse(enhance(spectrum)), name=config.name)


def noisy_and_spectrum(config: SpectralModelConfig) -> tuple[Tensor, Tensor]:
    """Returns the input of a model on waveforms, and its spectrum `[batch, frames, bins, 2]`."""
    noisy = keras.Input((None,), name="noisy")
    stft = STFT(**_transform(config), sample_rate=config.sample_rate, name="stft")
    return noisy, stft(_without_dc(config, noisy))


def _transform(config: SpectralModelConfig) -> dict[str, Any]:
    return {
        "frame_length": config.frame_length,
        "hop_length": config.hop_length,
        "fft_length": config.fft_length,
        "window": config.window,
    }


def _without_dc(config: SpectralModelConfig, noisy: Tensor) -> Tensor:
    if not config.dc_time_s:
        return noisy
    hops = config.dc_time_s * config.sample_rate / config.hop_length
    return DCRemoval(config.hop_length, hops, name="dc_removal")(noisy)


def with_core_outputs(model: EnhancementModel) -> keras.Model:
    """Returns the same model with all outputs that losses use.

    Args:
        model: any; a layer `core` whose output is a dict has the heads, see `around_core`.

    Returns:
        A model that shares its layers, from `noisy` to a dict: `enhanced`, and the heads of
        the core by name.
    """
    heads = {}
    if core := core_of(model):
        heads = dict(zip(sorted(core.output), outputs_of_last_call(core), strict=True))
    return keras.Model(
        model.input, {"enhanced": model.output, **heads}, name=f"{model.name}_training"
    )


def core_of(model: keras.Model) -> keras.Model | None:
    """Returns the core of a model, from spectrum to heads by name; None if it has none."""
    return next((layer for layer in model.layers if layer.name == "core"), None)


def enhance_aligned(
    model: Callable[[Tensor], Tensor], noisy: Tensor, latency: int, hop_length: int
) -> Tensor:
    """Runs a model over whole waveforms of any length, and removes its delay.

    Args:
        model: from noisy to enhanced waveforms, or to a dict with `enhanced`.
        noisy: `[batch, samples]`.
        latency: delay of the model, in samples.
        hop_length: samples per hop of the model.

    Returns:
        The output, with the enhanced waveform `[batch, samples]` time-aligned with `noisy`.
        Other outputs of a dict keep the frames of the padded input.
    """
    samples = ops.shape(noisy)[1]
    padding = latency + (-(samples + latency)) % hop_length
    output = model(ops.pad(noisy, [[0, 0], [0, padding]]))
    if isinstance(output, dict):
        enhanced = output["enhanced"][:, latency : latency + samples]
        return {**output, "enhanced": enhanced}
    return output[:, latency : latency + samples]
