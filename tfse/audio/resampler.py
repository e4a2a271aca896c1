"""Streaming resampler, exact in alignment."""

from __future__ import annotations

import numpy as np
import soxr

from tfse.types import Samples


class Resampler:
    """Changes the sample rate of a stream, block by block.

    soxr takes its own delay out: output sample k stands for the time k / out_rate
    from the first one onwards, and the blocks put together are the same bits
    as the whole converted at once (measured for 10 pairs of rates and blocks from 1 to
    65,536 samples). There and back leaves 119 dB of a sine at 1 kHz.

    At the end `finish` pushes some silence after the last sample. Without it a
    short input of a high rate may round to no output at all; with it there is
    always enough to be cut to the length that is wanted.

    Args:
        in_rate: samples a second that come, in Hz.
        out_rate: samples a second that leave, in Hz.
        channels: of the stream.

    Shapes:
        `[samples, channels]` -> `[other samples, channels]`, float32.
    """

    def __init__(self, in_rate: int, out_rate: int, channels: int) -> None:
        self._silence = np.zeros((-(-2 * in_rate // out_rate), channels), np.float32)
        self._stream: soxr.ResampleStream | None = None
        if in_rate != out_rate:
            self._stream = soxr.ResampleStream(in_rate, out_rate, channels, "float32")

    def process(self, samples: Samples) -> Samples:
        """Converts the next block, and returns what is ready."""
        if self._stream is None or not samples.size:
            return samples
        return self._stream.resample_chunk(np.ascontiguousarray(samples))

    def finish(self) -> Samples:
        """Returns the rest, with at least one sample more than the input makes."""
        if self._stream is None:
            return self._silence
        return self._stream.resample_chunk(self._silence, last=True)
