"""Band gain: what a model does to the top of its band, as a gain for the band above."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tfse.types import Samples

Gains = npt.NDArray[np.float64]

_FRAME_S = 0.032
_HOPS_PER_FRAME = 4
# The band whose power is compared, as a share of the model's Nyquist frequency.
_BAND_START = 0.75
# Frames per Fourier transform, which bounds the memory.
_BLOCK_FRAMES = 256
# Power of a silent band, far below the rounding of 24 bits; its gain is 1.
_SILENCE = 1e-20


class BandGain:
    """Gain of a model in the top quarter of its band, frame by frame.

    Frame k of 32 ms has its centre at sample `k * hop_length`. Its gain is

        min(1, sqrt(power of enhanced / power of noisy)),

    of the bins from 3/4 of the Nyquist frequency on. Averaging powers over the frame is
    the only smoothing. A loud sound outweighs the quiet rest of its frame, therefore the
    gain opens 10 ms before a fricative begins and closes as long after it ends, while
    in a pause it falls as much as the noise does. With no recursion, the gain does not
    depend on what is more than half a frame away.

    Args:
        sample_rate: of the model, in Hz.
        channels: number of channels.
        linked: one gain for all channels, from their total power.

    Shapes:
        `[samples, channels]`, noisy and enhanced -> `[frames, channels]`, or
        `[frames, 1]` if linked.

    Source:
        The band is that of `ComputeUpperBandsGain` in WebRTC's noise suppressor (32 of
        129 bins, 6 to 8 kHz), which averages filter gains and speech probabilities. Here
        powers are compared instead, which needs nothing from inside the model.
    """

    def __init__(self, sample_rate: int, channels: int, linked: bool = False) -> None:
        self.hop_length = max(1, round(_FRAME_S * sample_rate / _HOPS_PER_FRAME))
        frame_length = _HOPS_PER_FRAME * self.hop_length
        self._window = np.hanning(frame_length + 1)[:-1]
        self._first_bin = round(_BAND_START * frame_length / 2)
        self._linked = linked
        # The first frame has its centre at the first sample.
        self._pending = np.zeros((frame_length // 2, 2, channels), np.float32)

    def process(self, noisy: Samples, enhanced: Samples) -> Gains:
        """Returns the gains of all frames that are complete after the next samples."""
        pairs = np.stack([noisy, enhanced], axis=1)
        self._pending = np.concatenate([self._pending, pairs])
        missing = len(self._window) - self.hop_length
        frames = max(0, len(self._pending) - missing) // self.hop_length
        starts = range(0, frames, _BLOCK_FRAMES)
        gains = [self._gains(start, min(start + _BLOCK_FRAMES, frames)) for start in starts]
        self._pending = self._pending[frames * self.hop_length :].copy()
        return np.concatenate([self._gains(0, 0), *gains])

    def finish(self) -> Gains:
        """Returns the gains of the last frames, up to one centred after the end."""
        silence = np.zeros((len(self._window), self._pending.shape[2]), np.float32)
        return self.process(silence, silence)

    def _gains(self, start: int, stop: int) -> Gains:
        """Returns the gains of frames of the pending samples."""
        part = self._pending[start * self.hop_length :]
        shape = (stop - start, len(self._window), *part.shape[1:])
        strides = (part.strides[0] * self.hop_length, *part.strides)
        frames = np.lib.stride_tricks.as_strided(part, shape, strides, writeable=False)
        spectra = np.fft.rfft(frames * self._window[:, np.newaxis, np.newaxis], axis=1)
        band = spectra[:, self._first_bin :]
        noisy, enhanced = np.moveaxis((band.real**2 + band.imag**2).sum(axis=1), 1, 0)
        if self._linked:
            noisy, enhanced = (x.sum(axis=1, keepdims=True) for x in (noisy, enhanced))
        ratio = (enhanced + _SILENCE) / (noisy + _SILENCE)
        gains: Gains = np.sqrt(np.minimum(1.0, ratio))
        return gains
