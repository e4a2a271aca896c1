"""Enhancement of arrays."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from tfse import pretrained
from tfse.audio.finite_guard import INTEGER_PEAK
from tfse.errors import AudioError
from tfse.pretrained import DEFAULT_MODEL
from tfse.streaming.dry_wet import DryWet
from tfse.streaming.recording_enhancer import RecordingEnhancer
from tfse.streaming.steps.base import Step
from tfse.streaming.steps.open_step import Model, open_step
from tfse.types import Samples

# Librosa and torchaudio return [channels, samples]. No recording has more channels.
_MAX_CHANNELS = 64
# The full scale of the widest integers; larger floats are not integers.
_INT32_FULL_SCALE = 2.0**31


def enhance(
    samples: npt.NDArray[np.floating[Any]],
    sample_rate: int,
    model: Model | None = None,
    *,
    mix: float = 1.0,
    max_attenuation_db: float | None = None,
    on_invalid: str = "raise",
    link_channels: bool = False,
    band: str = "full",
    trust_saved_model: bool = False,
    engine: str | None = None,
) -> Samples:
    """Removes noise from speech.

    Args:
        samples: `[samples]` or `[samples, channels]`, floating point, full scale 1.
            Every channel is enhanced separately unless `link_channels` is set.
        sample_rate: in Hz; converted to the model's rate and back.
        model: anything that `open_step` accepts; None for the shipped default. A Keras
            model or a path is compiled at each call: for many calls pass a name, or
            the step that `open_step` returns.
        mix: 0 for the input only, 1 for the enhanced signal only.
        max_attenuation_db: limit of the attenuation; None for no limit.
        on_invalid: "raise" an error for samples that are NaN or infinite, or
            replace them by silence ("zero").
        link_channels: applies one gain to all channels, which keeps the stereo image.
        band: of recordings at a higher rate than the model's, "full" keeps the band above
            the model's, with a gain that follows the model; "model" removes it.
        trust_saved_model: loads a SavedModel, which is code; see `open_step`.
        engine: "litert", "keras" or None for the faster that the model has; see `open_step`.

    Returns:
        float32 of the same shape, time-aligned with `samples`.

    Raises:
        AudioError: the shape, type, rate or a sample is invalid.
        ConfigError: a setting is out of range.
        ModelError: the model does not exist or cannot be loaded.

    Example:
        >>> import soundfile, tfse
        >>> noisy, sample_rate = soundfile.read("noisy.wav")
        >>> enhanced = tfse.enhance(noisy, sample_rate)
    """
    noisy = _checked(samples, sample_rate)
    mixed = DryWet(mix, max_attenuation_db)
    step = open_cached(DEFAULT_MODEL if model is None else model, trust_saved_model, engine)
    enhancer = RecordingEnhancer(step, sample_rate, noisy.shape[1], on_invalid, link_channels, band)
    enhanced = [mixed(enhancer.process(noisy)), mixed(enhancer.finish())]
    return np.concatenate(enhanced).reshape(samples.shape)


def open_cached(model: Model, trust_saved_model: bool = False, engine: str | None = None) -> Step:
    """Returns the step of a model; steps of shipped models are cached."""
    if isinstance(model, str) and pretrained.file_of(model):
        return _open_shipped(model, engine)
    return open_step(model, trust_saved_model=trust_saved_model, engine=engine)


@functools.lru_cache(maxsize=4)
def _open_shipped(name: str, engine: str | None) -> Step:
    return open_step(name, engine=engine)


def _checked(samples: npt.NDArray[np.floating[Any]], sample_rate: int) -> Samples:
    if not isinstance(samples, np.ndarray):
        raise AudioError(
            "samples must be a NumPy array of floating point; received "
            f"{type(samples).__name__}: numpy.asarray(x, numpy.float32) makes one."
        )
    if isinstance(sample_rate, bool) or not isinstance(sample_rate, (int, np.integer)):
        raise AudioError(
            f"`sample_rate` must be an integer, in Hz; received {sample_rate!r}: int() makes one."
        )
    if samples.ndim not in (1, 2) or 0 in samples.shape[1:]:
        raise AudioError(
            f"samples must be [samples] or [samples, channels]; received the shape {samples.shape}."
        )
    if samples.ndim == 2 and samples.shape[0] < _MAX_CHANNELS < samples.shape[1]:
        raise AudioError(
            "samples must be [samples, channels], as soundfile reads them; received the shape "
            f"{samples.shape}, which looks like [channels, samples]: transpose it with x.T."
        )
    if not np.issubdtype(samples.dtype, np.floating):
        raise AudioError(
            f"samples must be floating point with full scale 1; received {samples.dtype}"
            f"{_conversion(samples.dtype)}."
        )
    # Values beyond float32 become infinite and are reported as such.
    with np.errstate(over="ignore"):
        noisy = samples.astype(np.float32)
    peak = np.abs(noisy, where=np.isfinite(noisy), out=np.zeros_like(noisy)).max(initial=0.0)
    if INTEGER_PEAK <= peak <= _INT32_FULL_SCALE:
        raise AudioError(
            f"samples must have a full scale of 1; received a peak of {peak:g}, as of integers: "
            "divide by their full scale, which is 32768 for 16 bits."
        )
    return noisy[:, np.newaxis] if samples.ndim == 1 else noisy


def _conversion(dtype: np.dtype[Any]) -> str:
    if not np.issubdtype(dtype, np.signedinteger):
        return ""
    return f": divide by {-int(np.iinfo(dtype).min)}.0"
