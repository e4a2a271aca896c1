"""Makes a stretch of audio of any length out of records that may be shorter."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from tfse.data.stateless_random import below, fold
from tfse.types import Tensor

# From the number of a piece in the stretch and a seed to the number of a record.
Pick = Callable[[Tensor, Tensor], Tensor]
# From a record, the first sample of a cut and its length to a better first sample.
Place = Callable[[Tensor, Tensor, Tensor], Tensor]


def joined(
    read: Callable[[Tensor], Tensor],
    pick: Pick,
    seed: Tensor,
    length: Tensor,
    place: Place = lambda _, start, __: start,
) -> Tensor:
    """Cuts a stretch out of a record, or joins records until the stretch is full.

    A first record that is longer than the stretch is cut at a random place; a
    shorter one is taken whole and followed by others.

    Args:
        read: from the number of a record to float32 [samples].
        pick: which record comes next.
        seed: int64 [2].
        length: samples wanted.
        place: moves the cut.

    Shapes:
        -> float32 [length]
    """
    first = read(pick(0, fold(seed, 0)))
    slack = tf.maximum(tf.size(first) - length, 0)
    # A seed that no piece has: their numbers are not negative.
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
    """Lets a recording begin and end softly, so that a joint does not click.

    Args:
        audio: the recording.
        fade: length of either ramp in samples.

    Shapes:
        float32 [samples] -> float32 [samples]
    """
    number = tf.range(tf.size(audio))
    to_edge = tf.minimum(number + 1, tf.size(audio) - number)
    return audio * tf.minimum(tf.cast(to_edge, tf.float32) / fade, 1.0)
