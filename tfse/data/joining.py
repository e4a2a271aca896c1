"""Joined records: a stretch of audio of any length from records that may be shorter."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tfse.data.stateless_random import below, fold
from tfse.types import Tensor

# From the number of a piece in the stretch and a seed to a record number.
Pick = Callable[[Tensor, Tensor], Tensor]
# From a record, the first sample of a cut and its length to an adjusted first sample.
Place = Callable[[Tensor, Tensor, Tensor], Tensor]


def joined(
    read: Callable[[Tensor], Tensor],
    pick: Pick,
    seed: Tensor,
    length: Tensor,
    place: Place = lambda _, start, __: start,
) -> Tensor:
    """Returns a stretch that is cut from a record or joined from several.

    A first record that is longer than the stretch is cut at a random place; a
    shorter one is used whole and followed by others.

    Args:
        read: from a record number to float32 [samples].
        pick: chooses the record of each piece.
        seed: int64 [2].
        length: samples wanted.
        place: adjusts the start of the cut.

    Shapes:
        -> float32 [length]
    """
    first = read(pick(0, fold(seed, 0)))
    slack = tf.maximum(tf.size(first) - length, 0)
    # The numbers of pieces are not negative, so no piece has this seed.
    start = place(first, below(fold(seed, -1), slack + 1), length)

    def append(step: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:
        piece = read(pick(step, fold(seed, step)))
        return step + 1, tf.concat([audio, piece], axis=0)

    _, audio = tf.while_loop(
        lambda _, audio: tf.size(audio) < length,
        append,
        [tf.constant(1), first[start : start + length]],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])],
    )
    return audio[:length]


def faded(audio: Tensor, fade: int) -> Tensor:
    """Fades a recording in and out, so that a joint does not click.

    Args:
        audio: the recording.
        fade: length of either ramp in samples.

    Shapes:
        float32 [samples] -> float32 [samples]
    """
    number = tf.range(tf.size(audio))
    to_edge = tf.minimum(number + 1, tf.size(audio) - number)
    return audio * tf.minimum(tf.cast(to_edge, tf.float32) / fade, 1.0)
