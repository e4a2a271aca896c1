"""Synthetic noise: tones, sweeps, hum, bands of noise and clicks, inside a `tf.data` graph.

Recordings contain few of the narrow and regular sounds of machines, alarms and bad wiring; here
they are drawn at random, at any frequency. Their level is arbitrary, as noise is scaled.
"""

from __future__ import annotations

import dataclasses
import math

import tensorflow as tf

from tfse.data import constants
from tfse.data.stateless_random import below, fold
from tfse.types import Tensor

# FFT lengths are multiples of this many samples, so that they have few large factors.
_LENGTH_STEP = 160


@dataclasses.dataclass(frozen=True)
class SyntheticNoise:
    """Synthetic noise, made from a seed.

    Attributes:
        sample_rate: in Hz.

    Shapes of every public method:
        seed int64 [2], length int32 [] -> float32 [length]

    Example:
        >>> noise = SyntheticNoise(16000)(tf.constant([1, 2], tf.int64), 48000)
        >>> noise.shape
        TensorShape([48000])
    """

    sample_rate: int

    def __call__(self, seed: Tensor, length: Tensor) -> Tensor:
        """Returns a noise of a random kind with a random envelope.

        Args:
            seed: int64 [2].
            length: samples wanted.
        """
        makers = (self.tone, self.sweep, self.hum, self.band, self.clicks)
        which = below(fold(seed, 0), len(makers))
        own = fold(seed, 1)
        audio = tf.switch_case(which, [lambda make=make: make(own, length) for make in makers])

        def shaped() -> Tensor:
            return audio * self.envelope(fold(seed, 2), length)

        # Clicks have their own envelope; a gate could remove all of them.
        return tf.cond(which < len(makers) - 1, shaped, lambda: audio)

    def tone(self, seed: Tensor, length: Tensor) -> Tensor:
        """Returns a tone, half of the time with a wobble."""
        pitch, *wobble = self._draws(seed, 5)
        hz = _geometric(
            pitch,
            constants.TONE_HZ_MIN,
            constants.HIGHEST_SHARE / (1 + constants.WOBBLE_MAX) * self._nyquist_hz,
        )
        return self._sine(hz * self._wobble(wobble, constants.WOBBLE_MAX, length))

    def sweep(self, seed: Tensor, length: Tensor) -> Tensor:
        """Returns a tone that glides repeatedly up, down, or up and down."""
        first, last, period, start, to_and_fro = self._draws(seed, 5)
        highest = constants.HIGHEST_SHARE * self._nyquist_hz
        from_log, to_log = (
            tf.math.log(_geometric(number, constants.TONE_HZ_MIN, highest))
            for number in (first, last)
        )
        place = self._time_s(length) / _geometric(period, *constants.SWEEP_S) + start
        place -= tf.floor(place)
        place = tf.where(to_and_fro < 0.5, 1.0 - tf.abs(2.0 * place - 1.0), place)
        return self._sine(tf.exp(from_log + (to_log - from_log) * place))

    def hum(self, seed: Tensor, length: Tensor) -> Tensor:
        """Returns harmonics of a low tone, whose level falls about as 1 over their number."""
        pitch, tilt, *wobble = self._draws(fold(seed, 0), 6)
        hz = _geometric(pitch, *constants.HUM_HZ)
        number = tf.range(1, constants.HARMONICS + 1, dtype=tf.float32)
        strength, phase = tf.unstack(
            tf.random.stateless_uniform([2, constants.HARMONICS], fold(seed, 1)),
            axis=0,
        )
        level = (0.1 + 0.9 * strength) * number ** -(
            constants.TILT[0] + (constants.TILT[1] - constants.TILT[0]) * tilt
        )
        highest = constants.HIGHEST_SHARE / (1 + constants.VIBRATO_MAX) * self._nyquist_hz
        level *= tf.cast(hz * number < highest, tf.float32)
        angle = 2.0 * math.pi * phase
        harmonics = tf.complex(level * tf.cos(angle), level * tf.sin(angle))
        period = tf.signal.irfft(tf.concat([[0.0], harmonics], axis=0), [constants.TABLE]) * (
            constants.TABLE / 2
        )
        return _looked_up(
            period, self._phase(hz * self._wobble(wobble, constants.VIBRATO_MAX, length))
        )

    def band(self, seed: Tensor, length: Tensor) -> Tensor:
        """Returns Gaussian noise between two frequencies, from a whistle to nearly white."""
        width, centre = self._draws(fold(seed, 0), 2)
        half = 2.0 ** (_geometric(width, *constants.BAND_OCTAVES) / 2.0)
        hz = _geometric(
            centre, 2.0 * constants.LOWEST_HZ, constants.HIGHEST_SHARE * self._nyquist_hz
        )
        return self._band_noise(fold(seed, 1), length, hz / half, hz * half)

    def clicks(self, seed: Tensor, length: Tensor) -> Tensor:
        """Returns clicks or pops, decaying resonances at regular or random times."""
        rate, ring, decay, is_regular, start = self._draws(fold(seed, 0), 5)
        per_s = _geometric(rate, *constants.CLICK_HZ)
        duration_s = tf.cast(length, tf.float32) / self.sample_rate
        # Three times the mean number, as random ones may be dense.
        count = tf.cast(3.0 * per_s * duration_s, tf.int32) + 8
        gaps, loudness = tf.unstack(tf.random.stateless_uniform([2, count], fold(seed, 1)), axis=0)
        gaps = tf.where(is_regular < 0.5, tf.ones_like(gaps), -tf.math.log1p(-gaps)) / per_s
        first_s = start * tf.minimum(1.0 / per_s, 0.5 * duration_s)
        at_s = first_s + tf.cumsum(gaps, exclusive=True)
        time_s = self._time_s(length)
        last = tf.searchsorted(at_s, time_s, side="right") - 1
        since_s = time_s - tf.gather(at_s, tf.maximum(last, 0))
        level = tf.gather(0.3 + 0.7 * loudness, tf.maximum(last, 0))
        level = tf.where(last < 0, 0.0, level)
        ring_hz = _geometric(
            ring, constants.RING_HZ[0], min(constants.RING_HZ[1], 0.7 * self._nyquist_hz)
        )
        ring_s = _geometric(decay, *constants.RING_S)
        # Time is negative before the first click: the exponential must not grow.
        fading = tf.exp(-tf.maximum(since_s, 0.0) / ring_s)
        return level * fading * tf.sin(2.0 * math.pi * ring_hz * since_s)

    def envelope(self, seed: Tensor, length: Tensor) -> Tensor:
        """Returns an envelope within 0 and 1: steady, modulated, gated, or a single event."""
        draws = self._draws(fold(seed, 1), 4)
        kinds = (self._steady, self._modulated, self._gated, self._single)
        which = below(fold(seed, 0), len(kinds))
        return tf.switch_case(which, [lambda kind=kind: kind(draws, length) for kind in kinds])

    @property
    def _nyquist_hz(self) -> float:
        return self.sample_rate / 2

    def _steady(self, _: list[Tensor], length: Tensor) -> Tensor:
        return tf.ones([length])

    def _modulated(self, draws: list[Tensor], length: Tensor) -> Tensor:
        rate, depth, start, _ = draws
        hz = _geometric(rate, *constants.MODULATION_HZ)
        wave = tf.sin(2.0 * math.pi * (hz * self._time_s(length) + start))
        return 1.0 - 0.5 * (0.2 + 0.8 * depth) * (1.0 + wave)

    def _gated(self, draws: list[Tensor], length: Tensor) -> Tensor:
        period, duty, start, ramp = draws
        time_s = self._time_s(length)
        # At least one whole period, so that the noise is not silent.
        longest_s = tf.cast(length, tf.float32) / self.sample_rate
        period_s = tf.minimum(_geometric(period, *constants.GATE_S), longest_s)
        place = time_s / period_s + start
        from_middle_s = tf.abs(place - tf.floor(place) - 0.5) * period_s
        open_s = (0.2 + 0.6 * duty) * period_s
        ramp_s = tf.minimum(_geometric(ramp, *constants.RAMP_S), 0.1 * period_s)
        return _smooth((0.5 * open_s - from_middle_s) / ramp_s + 0.5)

    def _single(self, draws: list[Tensor], length: Tensor) -> Tensor:
        longest, start, ramp, decay = draws
        duration_s = tf.cast(length, tf.float32) / self.sample_rate
        event_s = tf.minimum(_geometric(longest, *constants.EVENT_S), duration_s)
        since_s = self._time_s(length) - start * (duration_s - event_s)
        ramp_s = tf.minimum(_geometric(ramp, *constants.RAMP_S), 0.2 * event_s)
        edges = _smooth(tf.minimum(since_s, event_s - since_s) / ramp_s)
        # From a constant level to 40 dB down at the end.
        return edges * tf.exp(-4.6 * decay * tf.maximum(since_s, 0.0) / event_s)

    def _band_noise(self, seed: Tensor, length: Tensor, low_hz: Tensor, high_hz: Tensor) -> Tensor:
        padded = (length + (_LENGTH_STEP - 1)) // _LENGTH_STEP * _LENGTH_STEP
        bins = padded // 2 + 1
        spectrum = tf.random.stateless_normal([2, bins], seed)
        bin_hz = self.sample_rate / tf.cast(padded, tf.float32)
        hz = tf.range(bins, dtype=tf.float32) * bin_hz
        low_hz = tf.maximum(low_hz, constants.LOWEST_HZ)
        # The bins of a short noise may be wider than the slopes or the band.
        rise, fall = (
            tf.maximum(constants.BAND_SLOPE * limit, 2.0 * bin_hz) for limit in (low_hz, high_hz)
        )
        gain = tf.minimum((hz - low_hz) / rise, (high_hz - hz) / fall) + 1.0
        gain = tf.clip_by_value(gain, 0.0, 1.0)
        # The power of the other kinds of noise: about 1.
        gain *= 0.5 * tf.cast(padded, tf.float32) * tf.math.rsqrt(tf.reduce_sum(gain * gain))
        audio = tf.signal.irfft(tf.complex(gain * spectrum[0], gain * spectrum[1]), [padded])
        return audio[:length]

    def _wobble(self, draws: list[Tensor], most: float, length: Tensor) -> Tensor:
        """Returns a factor on a frequency, within 1 - most and 1 + most, per sample."""
        rate, depth, start, has_none = draws
        hz = _geometric(rate, *constants.WOBBLE_HZ)
        depth = tf.where(has_none < 0.5, 0.0, most * depth)
        return 1.0 + depth * tf.sin(2.0 * math.pi * (hz * self._time_s(length) + start))

    def _sine(self, hz: Tensor) -> Tensor:
        return tf.sin(2.0 * math.pi * self._phase(hz))

    def _phase(self, hz: Tensor) -> Tensor:
        """Returns the phase of an oscillator in cycles within [0, 1), from its frequencies."""
        # After a minute, a float32 phase would be off by a few degrees.
        cycles = tf.cumsum(tf.cast(hz, tf.float64) / self.sample_rate)
        return tf.cast(cycles - tf.floor(cycles), tf.float32)

    def _time_s(self, length: Tensor) -> Tensor:
        return tf.range(length, dtype=tf.float32) / self.sample_rate

    def _draws(self, seed: Tensor, count: int) -> list[Tensor]:
        return list(tf.unstack(tf.random.stateless_uniform([count], seed)))


def _geometric(number: Tensor, low: float, high: float) -> Tensor:
    """Maps [0, 1) to [low, high) on a logarithmic scale."""
    return low * tf.exp(number * math.log(high / low))


def _smooth(ramp: Tensor) -> Tensor:
    """Returns a ramp from 0 to 1 without corners."""
    ramp = tf.clip_by_value(ramp, 0.0, 1.0)
    return ramp * ramp * (3.0 - 2.0 * ramp)


def _looked_up(period: Tensor, phase: Tensor) -> Tensor:
    """Returns one period of a waveform at phases within [0, 1), interpolated linearly."""
    place = phase * constants.TABLE
    index = tf.cast(place, tf.int32)
    rest = place - tf.cast(index, tf.float32)
    before = tf.gather(period, tf.minimum(index, constants.TABLE - 1))
    after = tf.gather(period, (index + 1) % constants.TABLE)
    return before + rest * (after - before)
