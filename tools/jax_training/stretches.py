"""Stretches: audio of any length and speed from recordings that may be shorter."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp

from tools.jax_training.corpus import Recordings

Array = Any
Key = Any

# Speeds are multiples of 1 / 4096, so that positions are exact in whole numbers.
_SPEED_BITS = 12
_SPEED_ONE = 1 << _SPEED_BITS
# Context before and after a stretch that is interpolated, samples.
_MARGIN = 64
# Lengths of FFTs come in multiples of this: they then have small factors only.
_LENGTH_STEP = 160
# The signal is interpolated by its spectrum to this many times its rate, then by cubics.
_OVERSAMPLING = 4


@dataclasses.dataclass(frozen=True)
class Joining:
    """Settings by which recordings are joined to a stretch.

    Attributes:
        pause: silence after each recording, samples.
        fade: ramp at both ends of each recording, samples; 0 for none.
    """

    pause: int = 0
    fade: int = 0


def below(key: Key, count: Array) -> Array:
    """Draws one of 0, 1, ... count - 1, int32 []."""
    return jax.random.randint(key, (), 0, count)


def joined(
    key: Key, table: Recordings, numbers: Array, wanted: Array, offsets: Array, how: Joining
) -> Array:
    """Cuts a stretch out of a recording, or joins recordings until the stretch is full.

    A first recording that is longer than the stretch is cut at a random place; a shorter
    one is used whole and followed by the others; if all of them are too short, they
    are repeated.

    Args:
        key: key of the place of the cut.
        table: recordings.
        numbers: int32 [pieces], indices of the recordings.
        wanted: int32 [], length of the stretch.
        offsets: int32 [samples], samples of the stretch that are returned; beyond its
            ends they continue in the recordings.
        how: how the recordings are joined.

    Returns:
        float32 [samples].
    """
    samples = table.samples[numbers]
    ends = jnp.cumsum(samples + how.pause)
    slack = jnp.maximum(ends[0] - wanted, 0)
    position = below(key, slack + 1) + offsets
    is_before = position < 0
    position = jnp.where(is_before, 0, position) % ends[-1]
    piece = jnp.sum(position[:, None] >= ends[None, :-1], axis=1)
    inside = position - (ends - samples - how.pause)[piece]
    size = samples[piece]
    is_silent = is_before | (inside >= size)
    audio = table.values(table.starts[numbers][piece] + jnp.minimum(inside, size - 1))
    if how.fade:
        to_edge = jnp.minimum(inside + 1, size - inside)
        audio = audio * jnp.clip(to_edge / how.fade, 0.0, 1.0)
    return jnp.where(is_silent, 0.0, audio)


def at_speed(
    keys: tuple[Key, Key],
    table: Recordings,
    numbers: Array,
    length: int,
    how: Joining,
    fastest: float,
    probability: float,
) -> Array:
    """Returns a stretch that is played faster or slower with a probability.

    Args:
        keys: keys of the cut and of the speed.
        table: recordings.
        numbers: int32 [pieces], indices of the recordings.
        length: samples returned.
        how: how the recordings are joined.
        fastest: largest speed; the smallest is 1 over it.
        probability: chance of another speed than 1.

    Returns:
        float32 [length].
    """
    if probability == 0 or fastest == 1:
        return joined(keys[0], table, numbers, length, jnp.arange(length), how)
    speed = speed_units(keys[1], fastest, probability)
    wanted = (length * speed) >> _SPEED_BITS
    most = math.ceil(length * fastest) + 2 * _MARGIN
    most += -most % _LENGTH_STEP
    audio = joined(keys[0], table, numbers, wanted, jnp.arange(most) - _MARGIN, how)
    return interpolated(audio, speed, length)


def speed_units(key: Key, fastest: float, probability: float) -> Array:
    """Draws a speed on a logarithmic scale, int32 [] in units of 1 / 4096."""
    chance, draw = jax.random.split(key)
    log_speed = jax.random.uniform(draw, (), minval=-1.0, maxval=1.0) * math.log(fastest)
    is_other = jax.random.uniform(chance) < probability
    return jnp.rint(jnp.exp(jnp.where(is_other, log_speed, 0.0)) * _SPEED_ONE).astype(jnp.int32)


def interpolated(audio: Array, speed: Array, length: int) -> Array:
    """Returns audio at another speed, without aliasing.

    Args:
        audio: float32 [samples], with a margin of 64 samples before and after.
        speed: int32 [], in units of 1 / 4096.
        length: samples returned.

    Returns:
        float32 [length]; its first sample is number 64 of `audio`.
    """
    samples = audio.shape[0]
    spectrum = jnp.fft.rfft(audio)
    # Above this share of the band a higher speed would alias.
    share = jnp.minimum(_SPEED_ONE / speed, 1.0)
    spectrum = jnp.where(jnp.arange(spectrum.shape[0]) <= share * (samples // 2), spectrum, 0)
    dense = jnp.fft.irfft(spectrum, _OVERSAMPLING * samples) * _OVERSAMPLING
    position = jnp.arange(length) * speed
    between = _OVERSAMPLING * (position & (_SPEED_ONE - 1))
    whole = _OVERSAMPLING * ((position >> _SPEED_BITS) + _MARGIN) + (between >> _SPEED_BITS)
    part = (between & (_SPEED_ONE - 1)) / _SPEED_ONE
    return sum(w * dense[whole + n] for n, w in zip(range(-1, 3), _cubic(part), strict=True))


def _cubic(t: Array) -> tuple[Array, Array, Array, Array]:
    """Returns the weights of Lagrange's cubic for the points -1, 0, 1, 2."""
    return (
        -t * (t - 1) * (t - 2) / 6,
        (t + 1) * (t - 1) * (t - 2) / 2,
        -(t + 1) * t * (t - 2) / 2,
        (t + 1) * t * (t - 1) / 6,
    )
