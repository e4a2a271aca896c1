"""Augmentation of recordings and mixtures: `tfse.data.augmentation` in JAX.

Probabilities are known when the program is compiled: an augmentation with probability 0 is
not computed. All others are computed for every mixture and selected afterwards, which is
faster on an accelerator than branches.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from tfse.data import constants
from tfse.data.augmentation_config import AugmentationConfig
from tfse.dsp import voice_changes

Array = Any
Key = Any


def uniform(key: Key, low: float, high: float) -> Array:
    """Draws from [low, high), float32 []."""
    return jax.random.uniform(key, (), minval=low, maxval=high)


def either(key: Key, probability: float, yes: Callable[[], Any], no: Callable[[], Any]) -> Any:
    """Returns what `yes` returns with a probability, and what `no` returns otherwise."""
    if probability in (0, 1):
        return yes() if probability else no()
    chosen = jax.random.uniform(key) < probability
    return jax.tree.map(lambda a, b: jnp.where(chosen, a, b), yes(), no())


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Random variations of recordings and mixtures.

    Attributes:
        config: probabilities and ranges.
        sample_rate: in Hz.
    """

    config: AugmentationConfig
    sample_rate: int

    def equalized(self, key: Key, audio: Array) -> Array:
        """Returns audio through a random smooth frequency response, with its probability."""
        chance, draw = jax.random.split(key)
        config = self.config
        return either(
            chance,
            config.equalizer_probability,
            lambda: self._coloured(draw, audio, config.equalizer_db),
            lambda: audio,
        )

    def voice(self, key: Key, speech: Array) -> Array:
        """Returns speech that is sometimes whispered, or has a sound that is held.

        Shapes:
            key, float32 [samples] -> float32 [samples]
        """
        chance, noise, low_cut, is_held, after, time = jax.random.split(key, 6)
        config = self.config

        def whispered() -> Array:
            white = jax.random.normal(noise, speech.shape)
            low_cut_hz = uniform(low_cut, *constants.WHISPER_LOW_CUT_HZ)
            return voice_changes.whispered(speech, white, low_cut_hz, self.sample_rate)

        def voiced() -> Array:
            return either(is_held, config.held_sound_probability, held, lambda: speech)

        def held() -> Array:
            place = uniform(after, *constants.HELD_AFTER)
            held_s = uniform(time, *constants.HELD_S)
            return voice_changes.held(speech, place, held_s, self.sample_rate)

        return either(chance, config.whisper_probability, whispered, voiced)

    def gaussian(self, key: Key, length: int) -> Array:
        """Returns Gaussian noise of a random smooth spectrum, float32 [length]."""
        white, colour = jax.random.split(key)
        return self._coloured(colour, jax.random.normal(white, (length,)), constants.COLOUR_DB)

    def band_limited(self, key: Key, *signals: Array) -> tuple[Array, ...]:
        """Returns all signals low-passed at the same random cut-off, with its probability."""
        chance, draw = jax.random.split(key)
        nyquist = self.sample_rate / 2
        cutoff = uniform(draw, min(self.config.band_limit_hz_min, nyquist), nyquist)

        def gain(hz: Array) -> Array:
            return jnp.clip((cutoff - hz) / (constants.BAND_LIMIT_SLOPE * cutoff) + 1.0, 0.0, 1.0)

        return either(
            chance,
            self.config.band_limit_probability,
            lambda: tuple(self._filtered(signal, gain) for signal in signals),
            lambda: signals,
        )

    def distorted(self, key: Key, noisy: Array) -> Array:
        """Returns a noisy mixture clipped, and companded, with their probabilities."""
        clip_chance, draw, compand_chance = jax.random.split(key, 3)
        config = self.config

        def clipped() -> Array:
            limit = uniform(draw, config.clip_at_min, 1.0) * jnp.max(jnp.abs(noisy))
            return jnp.clip(noisy, -limit, limit)

        loud = either(clip_chance, config.clip_probability, clipped, lambda: noisy)
        return either(
            compand_chance, config.companding_probability, lambda: companded(loud), lambda: loud
        )

    def _coloured(self, key: Key, audio: Array, largest_db: float) -> Array:
        octaves = math.log2(self.sample_rate / 2 / constants.BUMP_LOWEST_HZ)
        numbers = jax.random.uniform(key, (3, constants.BUMPS, 1))
        centre = math.log2(constants.BUMP_LOWEST_HZ) + octaves * numbers[0]
        width = (
            constants.BUMP_OCTAVES[0]
            + (constants.BUMP_OCTAVES[1] - constants.BUMP_OCTAVES[0]) * numbers[1]
        )
        height_db = largest_db * (2.0 * numbers[2] - 1.0)

        def gain(hz: Array) -> Array:
            octave = jnp.log2(jnp.maximum(hz, 1.0))
            bumps = height_db * jnp.exp(-0.5 * jnp.square((octave - centre) / width))
            return jnp.exp(jnp.sum(bumps, axis=0) * (math.log(10.0) / 20.0))

        return self._filtered(audio, gain)

    def _filtered(self, audio: Array, gain: Callable[[Array], Array]) -> Array:
        samples = audio.shape[-1]
        hz = jnp.arange(samples // 2 + 1) * (self.sample_rate / samples)
        return jnp.fft.irfft(jnp.fft.rfft(audio) * gain(hz), samples)


def companded(samples: Array) -> Array:
    """Returns samples, within -1 and 1, as 8 bits of the mu-law keep them.

    Source:
        ITU-T Recommendation G.711, the continuous form of the mu-law.
    """
    compressed = jnp.log1p(constants.MU * jnp.abs(samples)) / math.log1p(constants.MU)
    kept = jnp.round(compressed * 127.0) / 127.0
    return jnp.sign(samples) * jnp.expm1(kept * math.log1p(constants.MU)) / constants.MU
