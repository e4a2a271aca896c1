"""Band gain: what a model does to the top of its band, as a gain for the band above."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tfse.types import Samples

Gains = npt.NDArray[np.float64]

_FRAME_S = 0.032
_HOPS_PER_FRAME = 4
# The compared band begins at this share of the model's Nyquist frequency. On mixtures of
# `benchmarks.full_band`, fricatives lose up to 0.6 dB more above the band with 3/4, and
# vowels let 5 dB more noise through with 1/2 (`dpcrn_medium`).
_BAND_START = 0.625
# Frames per Fourier transform, which bounds the memory.
_BLOCK_FRAMES = 256
# Power of a silent band, far below the rounding of 24 bits; its gain is 1.
_SILENCE = 1e-20


class BandGain:
    """Gain of a model near the top of its band, frame by frame.

    Frame k of 32 ms has its centre at sample `k * hop_length`. Its gain is

        min(1, sqrt(power of enhanced / power of noisy))

    in the band from 5/8 of the Nyquist frequency on: 5 to 8 kHz. The frame is the only
    smoothing. A loud sound outweighs the quiet rest of its frame, so the gain is open some
    milliseconds before a fricative begins and as long after it ends, and in pauses it falls
    as far as the noise does. The gain depends on nothing more than half a frame away.

    Args:
        sample_rate: of the model, in Hz.
        channels: number of channels.
        linked: one gain for all channels, from their total power.

    Shapes:
        `[samples, channels]`, noisy and enhanced -> `[frames, channels]`, or
        `[frames, 1]` if linked.

    Source:
        `ComputeUpperBandsGain` of the noise suppressor of WebRTC takes the gain above 8 kHz
        from filter gains and speech probabilities of the bins from 6 to 8 kHz. Here powers
        are compared, which needs nothing from inside the model.
    """

    def __init__(self, sample_rate: int, channels: int, linked: bool = False) -> None:
        self.hop_length = max(1, round(_FRAME_S * sample_rate / _HOPS_PER_FRAME))
        frame_length = _HOPS_PER_FRAME * self.hop_length
        self._window = np.hanning(frame_length + 1)[:-1]
        self._first_bin = round(_BAND_START * frame_length / 2)
        self._linked = linked
        self._none = np.zeros((0, 1 if linked else channels))
        # The first frame has its centre at the first sample.
        self._pending = np.zeros((frame_length // 2, 2, channels), np.float32)

    def process(self, noisy: Samples, enhanced: Samples) -> Gains:
        """Returns the gains of all frames that are complete after the next samples."""
        pairs = np.stack([noisy, enhanced], axis=1)
        self._pending = np.concatenate([self._pending, pairs])
        frames = max(0, (len(self._pending) - self._window.size) // self.hop_length + 1)
        starts = range(0, frames, _BLOCK_FRAMES)
        gains = [self._gains(start, min(start + _BLOCK_FRAMES, frames)) for start in starts]
        self._pending = self._pending[frames * self.hop_length :].copy()
        return np.concatenate([self._none, *gains])

    def finish(self) -> Gains:
        """Returns the gains of the last frames, up to one centred after the end."""
        silence = np.zeros((self._window.size, self._pending.shape[2]), np.float32)
        return self.process(silence, silence)

    def _gains(self, start: int, stop: int) -> Gains:
        """Returns the gains of some of the frames that are pending."""
        hop, length = self.hop_length, self._window.size
        part = self._pending[start * hop : (stop - 1) * hop + length]
        frames = np.lib.stride_tricks.sliding_window_view(part, length, axis=0)[::hop]
        band = np.fft.rfft(frames * self._window)[..., self._first_bin :]
        powers = (band.real**2 + band.imag**2).sum(axis=-1)
        if self._linked:
            powers = powers.sum(axis=2, keepdims=True)
        noisy, enhanced = np.moveaxis(powers + _SILENCE, 1, 0)
        gains: Gains = np.sqrt(np.minimum(1.0, enhanced / noisy))
        return gains
