"""Envelopes of synthetic noise: steady, modulated, gated, or a single event."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from tfse.data import constants
from tools.jax_training.oscillators import geometric, smooth, time_s

Array = Any
Key = Any


def envelope(key: Key, length: int, sample_rate: int) -> Array:
    """Returns an envelope of a random kind, within 0 and 1, float32 [length]."""
    which_key, number_key = jax.random.split(key)
    numbers = jax.random.uniform(number_key, (4,))
    time = time_s(length, sample_rate)
    duration_s = length / sample_rate
    kinds = (
        jnp.ones(length),
        _modulated(numbers, time),
        _gated(numbers, time, duration_s),
        _single(numbers, time, duration_s),
    )
    return jnp.stack(kinds)[jax.random.randint(which_key, (), 0, len(kinds))]


def _modulated(numbers: Array, time: Array) -> Array:
    rate, depth, start, _ = numbers
    wave = jnp.sin(2.0 * math.pi * (geometric(rate, *constants.MODULATION_HZ) * time + start))
    return 1.0 - 0.5 * (0.2 + 0.8 * depth) * (1.0 + wave)


def _gated(numbers: Array, time: Array, duration_s: float) -> Array:
    period, duty, start, ramp = numbers
    # At least one whole period, so that the noise is not silent.
    period_s = jnp.minimum(geometric(period, *constants.GATE_S), duration_s)
    place = time / period_s + start
    from_middle_s = jnp.abs(place - jnp.floor(place) - 0.5) * period_s
    open_s = (0.2 + 0.6 * duty) * period_s
    ramp_s = jnp.minimum(geometric(ramp, *constants.RAMP_S), 0.1 * period_s)
    return smooth((0.5 * open_s - from_middle_s) / ramp_s + 0.5)


def _single(numbers: Array, time: Array, duration_s: float) -> Array:
    longest, start, ramp, decay = numbers
    event_s = jnp.minimum(geometric(longest, *constants.EVENT_S), duration_s)
    since_s = time - start * (duration_s - event_s)
    ramp_s = jnp.minimum(geometric(ramp, *constants.RAMP_S), 0.2 * event_s)
    edges = smooth(jnp.minimum(since_s, event_s - since_s) / ramp_s)
    # From a constant level to a decay of 40 dB at the end.
    return edges * jnp.exp(-4.6 * decay * jnp.maximum(since_s, 0.0) / event_s)
