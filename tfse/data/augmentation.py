"""Augmentation: seeded random variations of recordings and mixtures inside a `tf.data` graph."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import tensorflow as tf

from tfse.data import constants
from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.stateless_random import either, fold, uniform
from tfse.dsp import voice_changes
from tfse.types import Tensor

# From a length to that many samples of a recording.
Take = Callable[[Tensor], Tensor]

# Inputs of the FFT are multiples of this many samples, so that its lengths have few large
# factors.
_LENGTH_STEP = 160
# One part in this many of the FFT's length is padding at each end that is cut off afterwards:
# 48,000 samples become 51,000.
_EDGES = 32


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Variations of the parts of a mixture.

    A variation of probability 0 is not part of the graph.

    Attributes:
        config: probabilities and ranges.
        sample_rate: in Hz.
    """

    config: AugmentationConfig
    sample_rate: int

    def speech(self, seed: Tensor, length: Tensor, take: Take) -> Tensor:
        """Returns a stretch of speech at a random speed, through a random equalizer.

        Args:
            seed: int64 [2].
            length: samples wanted.
            take: returns the given number of samples of the speech.

        Shapes:
            -> float32 [length]
        """
        return self.equalized(
            seed, self._at_random_speed(seed, length, take, self.config.speech_speed_max)
        )

    def voice(self, seed: Tensor, speech: Tensor) -> Tensor:
        """Returns speech that is sometimes whispered, or has a sound that is held.

        Args:
            seed: int64 [2].
            speech: one voice.

        Shapes:
            int64 [2], float32 [samples] -> float32 [samples]
        """
        config = self.config

        def whispered() -> Tensor:
            white = tf.random.stateless_normal(tf.shape(speech), fold(seed, 1))
            low_cut_hz = uniform(fold(seed, 2), *constants.WHISPER_LOW_CUT_HZ)
            return voice_changes.whispered(speech, white, low_cut_hz, self.sample_rate)

        def voiced() -> Tensor:
            return either(fold(seed, 3), config.held_sound_probability, held, lambda: speech)

        def held() -> Tensor:
            place = uniform(fold(seed, 4), *constants.HELD_AFTER)
            held_s = uniform(fold(seed, 5), *constants.HELD_S)
            return voice_changes.held(speech, place, held_s, self.sample_rate)

        return either(fold(seed, 0), config.whisper_probability, whispered, voiced)

    def noise(self, seed: Tensor, length: Tensor, take: Take) -> Tensor:
        """Returns a stretch of noise at a random speed, through an equalizer; see `speech`."""
        return self.equalized(
            seed, self._at_random_speed(seed, length, take, self.config.noise_speed_max)
        )

    def equalized(self, seed: Tensor, audio: Tensor) -> Tensor:
        """Returns audio through a random smooth frequency response.

        Shapes:
            float32 [samples] -> float32 [samples]
        """
        config = self.config
        return either(
            fold(seed, 2),
            config.equalizer_probability,
            lambda: self._coloured(fold(seed, 3), audio, config.equalizer_db),
            lambda: audio,
        )

    def gaussian(self, seed: Tensor, length: Tensor) -> Tensor:
        """Returns Gaussian noise of a random smooth spectrum.

        Shapes:
            int64 [2], [] -> float32 [length]
        """
        white = tf.random.stateless_normal([length], fold(seed, 0))
        return self._coloured(fold(seed, 1), white, constants.COLOUR_DB)

    def band_limited(self, seed: Tensor, *signals: Tensor) -> tuple[Tensor, ...]:
        """Removes the band above a random cut-off from all signals.

        Shapes:
            float32 [samples] of each -> the same
        """

        def limited() -> tuple[Tensor, ...]:
            nyquist = self.sample_rate / 2
            lowest = min(self.config.band_limit_hz_min, nyquist)
            cutoff = uniform(fold(seed, 1), lowest, nyquist)

            def gain(hz: Tensor) -> Tensor:
                return tf.clip_by_value(
                    (cutoff - hz) / (constants.BAND_LIMIT_SLOPE * cutoff) + 1.0, 0.0, 1.0
                )

            rows = tf.stack(signals)
            return tuple(tf.unstack(tf.ensure_shape(self._filtered(rows, gain), rows.shape)))

        probability = self.config.band_limit_probability
        return tuple(either(fold(seed, 0), probability, limited, lambda: signals))

    def distorted(self, seed: Tensor, noisy: Tensor) -> Tensor:
        """Returns a noisy mixture after random clipping and a random companding codec.

        Shapes:
            float32 [samples] -> float32 [samples]
        """
        config = self.config

        def clipped() -> Tensor:
            share = uniform(fold(seed, 1), config.clip_at_min, 1.0)
            limit = share * tf.reduce_max(tf.abs(noisy))
            return tf.clip_by_value(noisy, -limit, limit)

        loud = either(fold(seed, 0), config.clip_probability, clipped, lambda: noisy)
        return either(
            fold(seed, 2),
            config.companding_probability,
            lambda: companded(loud),
            lambda: loud,
        )

    def _at_random_speed(
        self, seed: Tensor, length: Tensor, take: Take, speed_max: float
    ) -> Tensor:
        def sped() -> Tensor:
            log_speed = uniform(fold(seed, 1), -math.log(speed_max), math.log(speed_max))
            # The FFT treats audio as periodic: its ends are faded out and cut off.
            edge = length // _EDGES
            total = length + 2 * edge
            wanted = tf.cast(total, tf.float32) * tf.exp(log_speed) / _LENGTH_STEP
            audio = take(tf.maximum(tf.cast(tf.round(wanted), tf.int32), 1) * _LENGTH_STEP)
            return resampled(_faded(audio, edge / total), total)[edge : edge + length]

        return either(
            fold(seed, 0),
            self.config.speed_probability,
            sped,
            lambda: take(length),
        )

    def _coloured(self, seed: Tensor, audio: Tensor, largest_db: float) -> Tensor:
        octaves = math.log2(self.sample_rate / 2 / constants.BUMP_LOWEST_HZ)
        draws = tf.random.stateless_uniform([3, constants.BUMPS, 1], seed)
        centre = math.log2(constants.BUMP_LOWEST_HZ) + octaves * draws[0]
        width = (
            constants.BUMP_OCTAVES[0]
            + (constants.BUMP_OCTAVES[1] - constants.BUMP_OCTAVES[0]) * draws[1]
        )
        height_db = largest_db * (2.0 * draws[2] - 1.0)

        def gain(hz: Tensor) -> Tensor:
            octave = tf.math.log(tf.maximum(hz, 1.0)) / math.log(2.0)
            bumps = height_db * tf.exp(-0.5 * tf.square((octave - centre) / width))
            return tf.exp(tf.reduce_sum(bumps, axis=0) * (math.log(10.0) / 20.0))

        return tf.ensure_shape(self._filtered(audio, gain), audio.shape)

    def _filtered(self, audio: Tensor, gain: Callable[[Tensor], Tensor]) -> Tensor:
        samples = tf.shape(audio)[-1]
        # Zeros keep the filter's response at one end from wrapping around to the other.
        total = samples + 2 * (samples // _EDGES)
        spectrum = tf.signal.rfft(audio, [total])
        bins = tf.range(total // 2 + 1, dtype=tf.float32)
        hz = bins * (self.sample_rate / tf.cast(total, tf.float32))
        filtered = tf.signal.irfft(spectrum * tf.cast(gain(hz), tf.complex64), [total])
        return filtered[..., :samples]


def _faded(audio: Tensor, share: Tensor) -> Tensor:
    """Fades in a share of the audio, and fades out as much."""
    position = (tf.range(tf.size(audio), dtype=tf.float32) + 0.5) / tf.cast(
        tf.size(audio), tf.float32
    )
    from_end = tf.minimum(position, 1.0 - position) / tf.cast(share, tf.float32)
    return audio * tf.square(tf.sin(0.5 * math.pi * tf.minimum(from_end, 1.0)))


def resampled(audio: Tensor, length: Tensor) -> Tensor:
    """Stretches audio to another number of samples, by its spectrum.

    The audio is treated as periodic: its end meets its start.

    Shapes:
        float32 [samples] -> float32 [length]
    """
    samples = tf.size(audio)
    bins = tf.minimum(samples, length) // 2 + 1
    spectrum = tf.signal.rfft(audio)[:bins]
    spectrum = tf.pad(spectrum, [[0, length // 2 + 1 - bins]])
    scale = tf.cast(length, tf.float32) / tf.cast(samples, tf.float32)
    return tf.signal.irfft(spectrum, [length]) * scale


def companded(samples: Tensor) -> Tensor:
    """Returns samples quantized to 8 bits of the mu-law.

    Source:
        ITU-T Recommendation G.711, the continuous form of the mu-law.

    Shapes:
        float32 [samples], within -1 and 1 -> float32 [samples]
    """
    compressed = tf.math.log1p(constants.MU * tf.abs(samples)) / math.log1p(constants.MU)
    kept = tf.round(compressed * 127.0) / 127.0
    return tf.sign(samples) * tf.math.expm1(kept * math.log1p(constants.MU)) / constants.MU
