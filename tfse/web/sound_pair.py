"""Sound pair: a recording before and after in one file of PCM samples, for playing in step."""

from __future__ import annotations

import dataclasses
from typing import BinaryIO

import numpy as np

from tfse.audio.resampler import Resampler
from tfse.types import Samples

# Rates that every browser plays.
_MIN_RATE, _MAX_RATE = 8_000, 48_000
_MAX_CHANNELS = 2
_STEPS = 32_767


@dataclasses.dataclass(frozen=True)
class PairLayout:
    """Layout of a sound pair.

    Attributes:
        sample_rate: in Hz.
        channels: of each of the two.
        samples: per channel.
    """

    sample_rate: int
    channels: int
    samples: int


class SoundPair:
    """Writer of 16-bit samples: the channels before, then those after, then the next sample.

    One file keeps the two in step whatever a browser does. More than two channels are played
    as their mean, and rates that browsers do not play are converted.

    Args:
        file: open for writing.
        sample_rate: of the recording, in Hz.
        channels: of the recording.
    """

    def __init__(self, file: BinaryIO, sample_rate: int, channels: int) -> None:
        self._file = file
        self._in_rate = sample_rate
        self._rate = min(max(sample_rate, _MIN_RATE), _MAX_RATE)
        self._channels = channels if channels <= _MAX_CHANNELS else 1
        self._resampler = Resampler(sample_rate, self._rate, 2 * self._channels)
        self._received = self._written = 0

    def add(self, noisy: Samples, enhanced: Samples) -> None:
        """Adds the next samples, both `[samples, channels]`."""
        self._received += len(noisy)
        pair = np.concatenate([self._playable(noisy), self._playable(enhanced)], axis=1)
        self._write(self._resampler.process(pair))

    def finish(self) -> PairLayout:
        """Ends the file and returns its layout."""
        length = -(-self._received * self._rate // self._in_rate)
        self._write(self._resampler.finish()[: max(0, length - self._written)])
        return PairLayout(self._rate, self._channels, self._written)

    def _playable(self, samples: Samples) -> Samples:
        few = samples.shape[1] == self._channels
        return samples if few else samples.mean(axis=1, keepdims=True)

    def _write(self, pair: Samples) -> None:
        self._written += len(pair)
        self._file.write((np.clip(pair, -1, 1) * _STEPS).round().astype("<i2").tobytes())
