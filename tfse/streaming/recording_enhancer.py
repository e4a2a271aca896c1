"""Recording enhancer: block by block, at any sample rate and channel count."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfse.audio.file_source import require_rate
from tfse.audio.finite_guard import FiniteGuard
from tfse.audio.resampler import Resampler
from tfse.streaming.linked_channels import LinkedChannels
from tfse.streaming.steps.base import Step
from tfse.streaming.streaming_enhancer import StreamingEnhancer
from tfse.types import Samples


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

    Raises:
        AudioError: the sample rate is out of range.
    """

    def __init__(
        self,
        step: Step,
        sample_rate: int,
        channels: int,
        on_invalid: str = "raise",
        link_channels: bool = False,
    ) -> None:
        require_rate(sample_rate)
        if link_channels and channels > 1:
            step = LinkedChannels(step)
        self._guard = FiniteGuard(on_invalid)
        self._to_model = Resampler(sample_rate, step.sample_rate, channels)
        # Samples behind the guard are finite; a resampler's overshoot at its limit
        # should not be an error.
        self._enhancer = StreamingEnhancer(step, channels, on_invalid="zero")
        self._from_model = Resampler(step.sample_rate, sample_rate, channels)
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
        enhanced = self._enhancer.process(self._to_model.process(noisy).T).T
        return self._paired(self._from_model.process(enhanced))

    def finish(self) -> Aligned:
        """Ends the recording and returns the rest."""
        tail = self._enhancer.process(self._to_model.finish().T).T
        rest = self._enhancer.flush().T
        parts = [self._from_model.process(part) for part in (tail, rest)]
        return self._paired(np.concatenate([*parts, self._from_model.finish()]))

    def _paired(self, enhanced: Samples) -> Aligned:
        # At the end the output is longer than the input, by the silence of the flush.
        enhanced = enhanced[: len(self._waiting)]
        noisy, self._waiting = np.split(self._waiting, [len(enhanced)])
        return Aligned(noisy, enhanced)
