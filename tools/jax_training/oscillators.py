"""Oscillators and ramps of synthetic noise."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp

from tfse.data.constants import TABLE

Array = Any

_TURN = 2.0**32


def time_s(length: int, sample_rate: int) -> Array:
    """Returns the time of each sample, seconds, float32 [length]."""
    return jnp.arange(length) / jnp.float32(sample_rate)


def turns(hz: Array, sample_rate: int) -> Array:
    """Returns the phase of an oscillator in turns within [0, 1), from its frequencies.

    Args:
        hz: float32 [samples], below the Nyquist frequency.
        sample_rate: in Hz.
    """
    # Integers of 32 bits wrap around, and are exact.
    steps = (hz * (_TURN / sample_rate)).astype(jnp.uint32)
    return jnp.cumsum(steps, dtype=jnp.uint32).astype(jnp.float32) / _TURN


def sine(hz: Array, sample_rate: int) -> Array:
    """Returns a sine of changing frequency, float32 [samples]."""
    return jnp.sin(2.0 * math.pi * turns(hz, sample_rate))


def looked_up(period: Array, phase: Array) -> Array:
    """Returns one period of a waveform at phases in turns, linearly interpolated."""
    place = phase * TABLE
    index = place.astype(jnp.int32)
    before, after = period[jnp.minimum(index, TABLE - 1)], period[(index + 1) % TABLE]
    return before + (place - index) * (after - before)


def geometric(number: Array, low: float, high: float) -> Array:
    """Maps [0, 1) to [low, high), evenly on a logarithmic scale."""
    return low * jnp.exp(number * math.log(high / low))


def smooth(ramp: Array) -> Array:
    """Returns a ramp from 0 to 1 with smooth ends."""
    ramp = jnp.clip(ramp, 0.0, 1.0)
    return ramp * ramp * (3.0 - 2.0 * ramp)
