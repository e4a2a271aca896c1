"""Rooms: speech through a room impulse response and its early part."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from tfse.dsp import mixing as dsp
from tools.jax_training.corpus import Recordings
from tools.jax_training.stretches import below

Array = Any
Key = Any


def in_room(
    key: Key, table: Recordings, taps: int, dry: Array, early_samples: int
) -> tuple[Array, Array]:
    """Draws a room and a position in it, and convolves speech with its response.

    Args:
        key: key of the room and the position.
        table: room impulse responses; groups are rooms.
        taps: length of the longest.
        dry: float32 [samples].
        early_samples: length of the early part, which the target keeps.

    Returns:
        Reverberant speech, and the target: direct path and early reflections.
    """
    response = drawn_response(key, table, taps)
    heard, target = dsp.convolve_pair(dry, response, dsp.early_part(response, early_samples))
    return heard, target


def drawn_response(key: Key, table: Recordings, taps: int) -> Array:
    """Returns a random response, padded with zeros, float32 [taps]."""
    room_key, position_key = jax.random.split(key)
    room = below(room_key, table.group_count)
    number = table.group_starts[room] + below(position_key, table.group_sizes[room])
    index = jnp.arange(taps)
    size = table.samples[number]
    audio = table.values(table.starts[number] + jnp.minimum(index, size - 1))
    return jnp.where(index < size, audio, 0.0)
