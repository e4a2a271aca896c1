"""Recording enhancer: block by block, at any sample rate and channel count."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfse.audio.file_source import require_rate
from tfse.audio.finite_guard import FiniteGuard
from tfse.audio.resampler import Resampler
from tfse.errors import ConfigError
from tfse.streaming.linked_channels import LinkedChannels
from tfse.streaming.steps.base import Step
from tfse.streaming.streaming_enhancer import StreamingEnhancer
from tfse.streaming.upper_band import UpperBand
from tfse.types import Samples

BANDS = ("full", "model")


class Aligned(NamedTuple):
    """Time-aligned noisy and enhanced blocks, both `[samples, channels]`."""

    noisy: Samples
    enhanced: Samples


class RecordingEnhancer:
    """Enhancer of a recording at its own sample rate.

    The channels are the streams of one batch. The output, with that of `finish`, has
    the length of the input and is time-aligned with it; the input samples are returned
    with it, so that the two can be mixed or compared.

    Args:
        step: the model.
        sample_rate: of the recording, 1,000 to 768,000 Hz.
        channels: of the recording.
        on_invalid: "raise" or "zero", see `FiniteGuard`.
        link_channels: applies one gain to all channels, see `LinkedChannels`.
        band: of a recording at a higher rate than the model's, "full" keeps the band above
            the model's, see `UpperBand`; "model" removes it.

    Raises:
        AudioError: the sample rate is out of range.
        ConfigError: `band` or `on_invalid` is unknown.
    """

    def __init__(
        self,
        step: Step,
        sample_rate: int,
        channels: int,
        on_invalid: str = "raise",
        link_channels: bool = False,
        band: str = "full",
    ) -> None:
        require_rate(sample_rate)
        require_band(band)
        if link_channels and channels > 1:
            step = LinkedChannels(step)
        self._guard = FiniteGuard(on_invalid)
        self._to_model = Resampler(sample_rate, step.sample_rate, channels)
        # Samples behind the guard are finite; a resampler's overshoot at its limit
        # should not be an error.
        self._enhancer = StreamingEnhancer(step, channels, on_invalid="zero", offline=True)
        self._from_model: _ModelBand | UpperBand
        if band == "full" and sample_rate > step.sample_rate:
            self._from_model = UpperBand(step.sample_rate, sample_rate, channels, link_channels)
        else:
            self._from_model = _ModelBand(step.sample_rate, sample_rate, channels)
        self._waiting = np.zeros((0, channels), np.float32)
        self._received = 0

    def process(self, samples: Samples) -> Aligned:
        """Returns all output that is ready after the next samples.

        Args:
            samples: float32 `[samples, channels]`, any number.

        Raises:
            AudioError: a sample is not finite; the message has its position.
        """
        noisy = self._guard(samples.T, self._received).T
        self._received += len(noisy)
        self._waiting = np.concatenate([self._waiting, noisy])
        return self._paired(self._enhanced(noisy, self._to_model.process(noisy)))

    def finish(self) -> Aligned:
        """Ends the recording and returns the rest."""
        none = self._waiting[:0]
        tail = self._enhanced(none, self._to_model.finish())
        rest = self._from_model.process(none, none, self._enhancer.flush().T)
        return self._paired(np.concatenate([tail, rest, self._from_model.finish()]))

    def _enhanced(self, noisy: Samples, low: Samples) -> Samples:
        return self._from_model.process(noisy, low, self._enhancer.process(low.T).T)

    def _paired(self, enhanced: Samples) -> Aligned:
        # At the end the output is longer than the input, by the silence of the flush.
        enhanced = enhanced[: len(self._waiting)]
        noisy, self._waiting = np.split(self._waiting, [len(enhanced)])
        return Aligned(noisy, enhanced)


class _ModelBand:
    """Converter of a model's output to the rate of the recording; see `UpperBand`."""

    def __init__(self, model_rate: int, sample_rate: int, channels: int) -> None:
        self._resampler = Resampler(model_rate, sample_rate, channels)

    def process(self, noisy: Samples, low: Samples, enhanced: Samples) -> Samples:
        return self._resampler.process(enhanced)

    def finish(self) -> Samples:
        return self._resampler.finish()


def require_band(band: str) -> None:
    """Checks the name of a band.

    Raises:
        ConfigError: it is unknown.
    """
    if band not in BANDS:
        raise ConfigError(f"`band` must be one of {BANDS}; received {band!r}.")
