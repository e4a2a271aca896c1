"""Babble: several voices of one split at once."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from tfse.data import constants
from tfse.dsp import mixing as dsp
from tools.jax_training.corpus import Recordings
from tools.jax_training.stretches import Joining, below, joined

Array = Any
Key = Any


def utterances_of(key: Key, speech: Recordings, group: Array, count: int) -> Array:
    """Draws utterances of a speaker, int32 [count]."""
    chosen = jax.random.randint(key, (count,), 0, speech.group_sizes[group])
    return speech.group_starts[group] + chosen


@dataclasses.dataclass(frozen=True)
class Babble:
    """Several voices at once.

    Attributes:
        fewest: smallest number of voices.
        most: largest number of voices; limited by the number of other speakers.
        pieces: utterances per voice.
        how: how the utterances are joined.
    """

    fewest: int
    most: int
    pieces: int
    how: Joining

    def __call__(self, key: Key, speech: Recordings, speaker: Array, length: int) -> Array:
        """Returns babble without a given speaker, float32 [length]."""
        count_key, order_key, voice_key = jax.random.split(key, 3)
        others = speech.group_count - 1
        count = jnp.minimum(self.fewest + below(count_key, self.most - self.fewest + 1), others)
        order = jax.random.uniform(order_key, (speech.group_count,)).at[speaker].set(-1.0)
        _, groups = jax.lax.top_k(order, min(self.most, others))
        keys = jax.random.split(voice_key, groups.shape[0])
        voices = jax.vmap(lambda key, group: self._voice(key, speech, group, length))(keys, groups)
        is_heard = jnp.arange(groups.shape[0]) < count
        return jnp.sum(jnp.where(is_heard[:, None], voices, 0.0), axis=0)

    def _voice(self, key: Key, speech: Recordings, group: Array, length: int) -> Array:
        numbers_key, cut_key = jax.random.split(key)
        numbers = utterances_of(numbers_key, speech, group, self.pieces)
        audio = joined(cut_key, speech, numbers, length, jnp.arange(length), self.how)
        return audio * dsp.gain_to_level(audio, constants.VOICE_DBFS)
