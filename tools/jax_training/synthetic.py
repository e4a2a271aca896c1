"""Synthetic noise of `tfse.data.synthetic_noise` in JAX: tones, sweeps, hum, bands and clicks."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp

from tfse.data import constants
from tools.jax_training.envelopes import envelope
from tools.jax_training.oscillators import TABLE, geometric, looked_up, sine, time_s, turns

Array = Any
Key = Any


@dataclasses.dataclass(frozen=True)
class SyntheticNoise:
    """Generator of synthetic noise from a key.

    Attributes:
        sample_rate: in Hz.
        length: samples per noise.
    """

    sample_rate: int
    length: int

    def __call__(self, key: Key) -> Array:
        """Returns a noise of a random kind with a random envelope, float32 [length]."""
        which_key, own, shape = jax.random.split(key, 3)
        makers = (self.tone, self.sweep, self.hum, self.band, self.clicks)
        which = jax.random.randint(which_key, (), 0, len(makers))
        audio = jnp.stack([make(own) for make in makers])[which]
        # Clicks have their own envelope; a gate might remove all of them.
        shaped = audio * envelope(shape, self.length, self.sample_rate)
        return jnp.where(which < len(makers) - 1, shaped, audio)

    def tone(self, key: Key) -> Array:
        """Returns a tone, with a probability of 0.5 with vibrato."""
        pitch, *wobble = jax.random.uniform(key, (5,))
        highest = constants.HIGHEST_SHARE / (1 + constants.WOBBLE_MAX) * self._nyquist_hz
        hz = geometric(pitch, constants.TONE_HZ_MIN, highest)
        return sine(hz * self._wobble(wobble, constants.WOBBLE_MAX), self.sample_rate)

    def sweep(self, key: Key) -> Array:
        """Returns a tone that sweeps repeatedly in one direction or in both."""
        first, last, period, start, to_and_fro = jax.random.uniform(key, (5,))
        highest = constants.HIGHEST_SHARE * self._nyquist_hz
        from_log, to_log = (
            jnp.log(geometric(n, constants.TONE_HZ_MIN, highest)) for n in (first, last)
        )
        place = self._time_s / geometric(period, *constants.SWEEP_S) + start
        place = place - jnp.floor(place)
        place = jnp.where(to_and_fro < 0.5, 1.0 - jnp.abs(2.0 * place - 1.0), place)
        return sine(jnp.exp(from_log + (to_log - from_log) * place), self.sample_rate)

    def hum(self, key: Key) -> Array:
        """Returns harmonics of a low tone with levels of about 1 over their number."""
        number_key, harmonic_key = jax.random.split(key)
        pitch, tilt, *wobble = jax.random.uniform(number_key, (6,))
        hz = geometric(pitch, *constants.HUM_HZ)
        number = jnp.arange(1.0, constants.HARMONICS + 1)
        strength, phase = jax.random.uniform(harmonic_key, (2, constants.HARMONICS))
        level = (0.1 + 0.9 * strength) * number ** -(
            constants.TILT[0] + (constants.TILT[1] - constants.TILT[0]) * tilt
        )
        highest = constants.HIGHEST_SHARE / (1 + constants.VIBRATO_MAX) * self._nyquist_hz
        level = level * (hz * number < highest)
        harmonics = jnp.pad(level * jnp.exp(2j * math.pi * phase), (1, 0))
        period = jnp.fft.irfft(harmonics, TABLE) * (TABLE / 2)
        phases = turns(hz * self._wobble(wobble, constants.VIBRATO_MAX), self.sample_rate)
        return looked_up(period, phases)

    def band(self, key: Key) -> Array:
        """Returns Gaussian noise between two frequencies, from a whistle to nearly white."""
        number_key, noise_key = jax.random.split(key)
        width, centre = jax.random.uniform(number_key, (2,))
        half = 2.0 ** (geometric(width, *constants.BAND_OCTAVES) / 2.0)
        hz = geometric(
            centre, 2.0 * constants.LOWEST_HZ, constants.HIGHEST_SHARE * self._nyquist_hz
        )
        return self._band_noise(noise_key, hz / half, hz * half)

    def clicks(self, key: Key) -> Array:
        """Returns clicks or pops, a decaying resonance each, regular or at random times."""
        number_key, click_key = jax.random.split(key)
        rate, ring, decay, is_regular, start = jax.random.uniform(number_key, (5,))
        per_s = geometric(rate, constants.CLICK_HZ[0], constants.CLICK_HZ[1])
        duration_s = self.length / self.sample_rate
        # Three times the average number: random clicks may be dense.
        count = int(3.0 * constants.CLICK_HZ[1] * duration_s) + 8
        gaps, loudness = jax.random.uniform(click_key, (2, count))
        gaps = jnp.where(is_regular < 0.5, 1.0, -jnp.log1p(-gaps)) / per_s
        first_s = start * jnp.minimum(1.0 / per_s, 0.5 * duration_s)
        at_s = first_s + jnp.cumsum(gaps) - gaps
        last = jnp.searchsorted(at_s, self._time_s, side="right") - 1
        since_s = self._time_s - at_s[jnp.maximum(last, 0)]
        level = jnp.where(last < 0, 0.0, 0.3 + 0.7 * loudness[jnp.maximum(last, 0)])
        ring_hz = geometric(
            ring, constants.RING_HZ[0], min(constants.RING_HZ[1], 0.7 * self._nyquist_hz)
        )
        # Before the first click time is negative: the exponential must not grow.
        fading = jnp.exp(-jnp.maximum(since_s, 0.0) / geometric(decay, *constants.RING_S))
        return level * fading * jnp.sin(2.0 * math.pi * ring_hz * since_s)

    @property
    def _nyquist_hz(self) -> float:
        return self.sample_rate / 2

    @property
    def _time_s(self) -> Array:
        return time_s(self.length, self.sample_rate)

    def _band_noise(self, key: Key, low_hz: Array, high_hz: Array) -> Array:
        bins = self.length // 2 + 1
        spectrum = jax.random.normal(key, (2, bins))
        bin_hz = self.sample_rate / self.length
        hz = jnp.arange(bins) * bin_hz
        low_hz = jnp.maximum(low_hz, constants.LOWEST_HZ)
        # A short noise has bins that are wider than the slopes, or the band.
        rise, fall = (
            jnp.maximum(constants.BAND_SLOPE * limit, 2.0 * bin_hz) for limit in (low_hz, high_hz)
        )
        gain = jnp.minimum((hz - low_hz) / rise, (high_hz - hz) / fall) + 1.0
        gain = jnp.clip(gain, 0.0, 1.0)
        # At the level of the other noises: about 1.
        gain = gain * 0.5 * self.length * jax.lax.rsqrt(jnp.sum(gain * gain))
        return jnp.fft.irfft(jax.lax.complex(*(gain * spectrum)), self.length)

    def _wobble(self, numbers: list[Array], most: float) -> Array:
        """Returns the factor on a frequency, within 1 - most and 1 + most, at each sample."""
        rate, depth, start, has_none = numbers
        depth = jnp.where(has_none < 0.5, 0.0, most * depth)
        angle = geometric(rate, *constants.WOBBLE_HZ) * self._time_s + start
        return 1.0 + depth * jnp.sin(2.0 * math.pi * angle)
