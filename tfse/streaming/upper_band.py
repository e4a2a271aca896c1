"""Upper band: the band above the model's, with a gain that follows the model."""

from __future__ import annotations

import numpy as np

from tfse.audio.resampler import Resampler
from tfse.streaming.band_gain import BandGain, Gains
from tfse.types import Samples

# Output samples that are computed at a time, which bounds the memory.
_BLOCK = 1 << 15


class UpperBand:
    """Converter of a model's output to the rate of the recording, which adds the upper band.

    With x the recording, n its conversion to the model's rate, e the enhanced n, and
    up() the conversion back, the output is

        up(e) + g * (x - up(n)).

    x - up(n) is what the model never received: the band above its Nyquist frequency and
    the transition of the filters below it. Both filters have linear phase and no delay, so
    the parts add up to x where the model changes nothing and g is 1, and a transition has
    neither notch nor bump where the model and g agree. g is that of `BandGain`, linear
    between the centres of its frames.

    Args:
        model_rate: sample rate of the model, in Hz.
        sample_rate: of the recording, in Hz, above `model_rate`.
        channels: of the recording.
        linked: one gain for all channels.
    """

    def __init__(
        self, model_rate: int, sample_rate: int, channels: int, linked: bool = False
    ) -> None:
        self._gain = BandGain(model_rate, channels, linked)
        # Both signals pass through one resampler, which keeps them time-aligned.
        self._resampler = Resampler(model_rate, sample_rate, 2 * channels)
        self._rate = model_rate
        # Between the centres of two frames, in steps of 1 / (model_rate * sample_rate) s.
        self._gain_step = self._gain.hop_length * sample_rate
        self._noisy = np.zeros((0, channels), np.float32)
        self._low = np.zeros((0, channels), np.float32)
        self._raised = np.zeros((0, 2 * channels), np.float32)
        self._gains = np.zeros((0, 1 if linked else channels))
        # From the centre of the first gain to the next output sample, in the same steps.
        self._offset = 0

    def process(self, noisy: Samples, low: Samples, enhanced: Samples) -> Samples:
        """Returns all output that is ready after the next samples.

        Args:
            noisy: of the recording, `[samples, channels]`.
            low: of the recording, converted to the model's rate.
            enhanced: output of the model, time-aligned with `low` and at most as long
                as all of it so far.
        """
        self._noisy = np.concatenate([self._noisy, noisy])
        self._low = np.concatenate([self._low, low])
        low, self._low = np.split(self._low, [len(enhanced)])
        pairs = np.concatenate([low, enhanced], axis=1)
        return self._joined(self._gain.process(low, enhanced), self._resampler.process(pairs))

    def finish(self) -> Samples:
        """Ends the recording and returns the rest."""
        return self._joined(self._gain.finish(), self._resampler.finish())

    def _joined(self, gains: Gains, raised: Samples) -> Samples:
        self._gains = np.concatenate([self._gains, gains])
        self._raised = np.concatenate([self._raised, raised])
        until = (len(self._gains) - 1) * self._gain_step - self._offset
        ready = min(len(self._noisy), len(self._raised), max(0, -(-until // self._rate)))
        output = np.empty((ready, self._noisy.shape[1]), np.float32)
        for start in range(0, ready, _BLOCK):
            block = slice(start, min(start + _BLOCK, ready))
            output[block] = self._sum(block)
        self._drop(ready)
        return output

    def _sum(self, block: slice) -> Samples:
        low, enhanced = np.split(self._raised[block], 2, axis=1)
        times = self._offset + self._rate * np.arange(block.start, block.stop)
        frames = np.arange(times[0] // self._gain_step, times[-1] // self._gain_step + 2)
        centres = self._gain_step * frames
        gain = [np.interp(times, centres, gains) for gains in self._gains[frames].T]
        upper = np.stack(gain, axis=1).astype(np.float32) * (self._noisy[block] - low)
        return enhanced + upper

    def _drop(self, samples: int) -> None:
        """Removes what is no longer needed after some output."""
        self._noisy = self._noisy[samples:]
        self._raised = self._raised[samples:]
        frames, self._offset = divmod(self._offset + self._rate * samples, self._gain_step)
        self._gains = self._gains[frames:]
