"""Voices: stretches of speech of one speaker, and babble of several."""

from __future__ import annotations

import dataclasses

import tensorflow as tf

from tfse.data import constants
from tfse.data.joining import Pick, joined
from tfse.data.records.record_table import RecordTable
from tfse.data.stateless_random import below, fold, permuted
from tfse.dsp import mixing as dsp
from tfse.types import Tensor


@dataclasses.dataclass(frozen=True)
class Voices:
    """Voices of one split.

    Attributes:
        table: records of speech.
        pause_samples: silence between two joined utterances.
    """

    table: RecordTable
    pause_samples: int

    def continued(self, number: Tensor, seed: Tensor, length: Tensor) -> Tensor:
        """Returns a crop of an utterance, followed by others of its group if it is shorter.

        Args:
            number: int32 [], of the utterance.
            seed: int64 [2].
            length: samples wanted, a number or int32 [].

        Shapes:
            -> float32 [length]
        """
        group = tf.gather(self.table.groups, number)

        def pick(step: Tensor, seed: Tensor) -> Tensor:
            return tf.where(step == 0, number, self.table.drawn_from(group, seed))

        return self._joined(pick, seed, length)

    def babble(
        self, seed: Tensor, number: Tensor, length: Tensor, fewest: int, most: int
    ) -> Tensor:
        """Returns several simultaneous voices without the speaker of a given utterance.

        Args:
            seed: int64 [2].
            number: int32 [], the utterance whose speaker is left out.
            length: samples wanted.
            fewest: fewest voices.
            most: most voices, limited by the number of other speakers.

        Shapes:
            -> float32 [length]
        """
        order, count_seed = fold(seed, -1), fold(seed, -2)
        others = self.table.group_count - 1
        count = tf.minimum(fewest + below(count_seed, most - fewest + 1), others)
        speaker = tf.gather(self.table.groups, number)

        def voice(step: Tensor) -> Tensor:
            group = permuted(order, step, others)
            # Groups from the speaker's on are shifted by one, which leaves the speaker out.
            group += tf.cast(group >= speaker, tf.int32)
            return self._voice(group, fold(seed, step), length)

        return tf.while_loop(
            lambda step, _: step < count,
            lambda step, total: (step + 1, total + voice(step)),
            [tf.constant(0), tf.zeros([length])],
        )[1]

    def _voice(self, group: Tensor, seed: Tensor, length: Tensor) -> Tensor:
        audio = self._joined(lambda _, seed: self.table.drawn_from(group, seed), seed, length)
        return audio * dsp.gain_to_level(audio, constants.VOICE_DBFS)

    def _joined(self, pick: Pick, seed: Tensor, length: Tensor) -> Tensor:
        pause = tf.zeros([self.pause_samples])

        def read(number: Tensor) -> Tensor:
            return tf.concat([self.table.read(number), pause], axis=0)

        return joined(read, pick, seed, length, onto_speech)


def onto_speech(audio: Tensor, start: Tensor, length: Tensor) -> Tensor:
    """Returns the start of a cut, moved to speech if the cut has only background.

    A mixture is scaled to its level, so that a cut of room tone alone would become a
    target of amplified hiss. If all 20 ms blocks of a cut are at least 40 dB below the
    loudest block of the recording, the cut is centred on that block.

    Args:
        audio: float32 [samples].
        start: int32 [], first sample of the cut.
        length: samples of the cut.

    Returns:
        int32 [], the first sample.
    """
    size = constants.ACTIVITY_SAMPLES
    power = dsp.power(tf.reshape(tf.pad(audio, [[0, -tf.size(audio) % size]]), [-1, size]))
    middle = tf.cast(tf.argmax(power), tf.int32) * size + size // 2
    inside = power[start // size : (start + length) // size + 1]
    is_background = tf.reduce_max(inside) < tf.reduce_max(power) * constants.ACTIVITY
    moved = tf.clip_by_value(middle - length // 2, 0, tf.maximum(tf.size(audio) - length, 0))
    return tf.where(is_background, moved, start)
