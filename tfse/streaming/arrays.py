"""Enhances arrays."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

from tfse.errors import AudioError
from tfse.models import pretrained_names
from tfse.models.loading import DEFAULT_MODEL
from tfse.streaming.mixing import DryWet
from tfse.streaming.opening import Model, open_step
from tfse.streaming.recording import RecordingEnhancer
from tfse.streaming.step import Samples, Step


def enhance(
    samples: npt.NDArray[np.floating[Any]],
    sample_rate: int,
    model: Model | None = None,
    *,
    mix: float = 1.0,
    max_attenuation_db: float | None = None,
    on_invalid: str = "raise",
    trust_saved_model: bool = False,
) -> Samples:
    """Takes the noise out of speech.

    Args:
        samples: `[samples]` or `[samples, channels]`, floating point, full
            scale is 1. Every channel is enhanced by itself.
        sample_rate: in Hz; any, the model's own is converted to and from.
        model: whatever `open_step` takes; None for the shipped default. A Keras
            model or a path is compiled anew at each call: for many calls give a
            name, or the step that `open_step` returns.
        mix: 0 for the samples as they came, 1 for the enhanced ones alone.
        max_attenuation_db: nothing is taken down by more; None for no limit.
        on_invalid: "raise" an error at samples that are NaN or infinite, or
            take them as silence ("zero").
        trust_saved_model: loads a SavedModel, which is code; see `open_step`.

    Returns:
        float32 of the same shape, in line with `samples`.

    Raises:
        AudioError: the shape, type, rate or a value cannot be used.
        ConfigError: a setting is out of range.
        ModelError: there is no such model.

    Example:
        >>> import soundfile, tfse
        >>> noisy, sample_rate = soundfile.read("noisy.wav")
        >>> enhanced = tfse.enhance(noisy, sample_rate)
    """
    noisy = _checked(samples)
    mixed = DryWet(mix, max_attenuation_db)
    step = opened(DEFAULT_MODEL if model is None else model, trust_saved_model)
    enhancer = RecordingEnhancer(step, sample_rate, noisy.shape[1], on_invalid)
    enhanced = [mixed(enhancer.process(noisy)), mixed(enhancer.finish())]
    return np.concatenate(enhanced).reshape(samples.shape)


def opened(model: Model, trust_saved_model: bool = False) -> Step:
    """Returns a step; one of a shipped model is kept for the next call."""
    if isinstance(model, str) and model in pretrained_names():
        return _shipped(model)
    return open_step(model, trust_saved_model=trust_saved_model)


@functools.lru_cache(maxsize=4)
def _shipped(name: str) -> Step:
    return open_step(name)


def _checked(samples: npt.NDArray[np.floating[Any]]) -> Samples:
    if samples.ndim not in (1, 2) or 0 in samples.shape[1:]:
        raise AudioError(
            f"samples must be [samples] or [samples, channels]; received the shape {samples.shape}."
        )
    if not np.issubdtype(samples.dtype, np.floating):
        raise AudioError(
            f"samples must be floating point with full scale 1; received {samples.dtype}."
        )
    # What float32 cannot hold becomes infinite, and is told as that.
    with np.errstate(over="ignore"):
        noisy = samples.astype(np.float32)
    return noisy[:, np.newaxis] if samples.ndim == 1 else noisy
