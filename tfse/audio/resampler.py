"""Streaming resampler with time-aligned output."""

from __future__ import annotations

import numpy as np
import soxr

from tfse.types import Samples


class Resampler:
    """Sample rate converter for a stream, block by block.

    soxr compensates its own delay: output sample k is at the time k / out_rate from
    the first one on, and the concatenated blocks equal the whole converted at once
    bit by bit (measured for 10 pairs of rates and blocks from 1 to 65,536 samples).
    A round trip keeps a sine at 1 kHz to 119 dB.

    `finish` appends some silence to the input. Without it a short input of a high
    rate may round to no output; with it the output is always long enough to be cut
    to the wanted length.

    Args:
        in_rate: sample rate of the input, in Hz.
        out_rate: sample rate of the output, in Hz.
        channels: number of channels.

    Shapes:
        `[samples, channels]` -> `[converted samples, channels]`, float32.
    """

    def __init__(self, in_rate: int, out_rate: int, channels: int) -> None:
        self._silence = np.zeros((-(-2 * in_rate // out_rate), channels), np.float32)
        self._stream: soxr.ResampleStream | None = None
        if in_rate != out_rate:
            self._stream = soxr.ResampleStream(in_rate, out_rate, channels, "float32")

    def process(self, samples: Samples) -> Samples:
        """Returns all output that is ready after the next block."""
        if self._stream is None or not samples.size:
            return samples
        return self._stream.resample_chunk(np.ascontiguousarray(samples))

    def finish(self) -> Samples:
        """Returns the rest, at least one sample longer than the converted input."""
        if self._stream is None:
            return self._silence
        return self._stream.resample_chunk(self._silence, last=True)
