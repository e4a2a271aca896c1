"""Stateless random numbers: each is a function of a seed and of its purpose."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

import tensorflow as tf

# Multiplier of Knuth's MMIX generator: odd, without structure in its bits. Seeds that are
# folded several times are polynomials in it, modulo 2^64, and do not collide.
_MULTIPLIER = 6364136223846793005


class Purpose(enum.IntEnum):
    """Purpose of a random number of a mixture.

    The values are part of the data: other values make other mixtures.
    """

    SPEECH = 0
    IS_REVERBERANT = 1
    ROOM = 2
    IS_CLEAN = 3
    IS_BABBLE = 4
    NOISE = 5
    SNR = 6
    LEVEL = 7
    FIRST_UTTERANCE = 8
    SPEECH_COLOUR = 9
    NOISE_COLOUR = 10
    SECOND_NOISE = 11
    COLOURED = 12
    BAND = 13
    DISTORTION = 14
    IS_SPEECHLESS = 15
    SYNTHETIC = 16
    SPLICE = 17
    SECOND_TALKER = 18
    VOICE = 19


def mixture_seed(seed: Any, split: int, epoch: Any, index: Any) -> Any:
    """Returns the seed of all random numbers of one mixture.

    Shapes:
        [], [], [] -> int64 [2]
    """
    return fold(epoch_seed(seed, split, epoch), index)


def epoch_seed(seed: Any, split: int, epoch: Any) -> Any:
    """Returns the seed of the order of one epoch.

    Shapes:
        [], [] -> int64 [2]
    """
    both = tf.stack([tf.cast(seed, tf.int64), tf.constant(split, tf.int64)])
    return fold(both, epoch)


def fold(seed: Any, number: Any) -> Any:
    """Returns a different seed for each number.

    It may be close to the original seed, as the functions that draw from it scramble it.
    (`tf.random.fold_in` draws each time, which makes the graph twice as large.)

    Shapes:
        int64 [2], [] -> int64 [2]
    """
    return seed * _MULTIPLIER + tf.cast(number, tf.int64)


def uniform(seed: Any, low: float, high: float) -> Any:
    """Draws uniformly from [low, high); returns `low` where both are equal.

    Shapes:
        int64 [2] -> float32 []
    """
    return low + (high - low) * tf.random.stateless_uniform([], seed)


def either(seed: Any, probability: float, yes: Callable[[], Any], no: Callable[[], Any]) -> Any:
    """Returns the value of `yes` with a probability, otherwise that of `no`.

    Only one of them runs; at a probability of 0 or 1 the other is not part of the graph.

    Shapes:
        int64 [2] -> the shape of `yes` and `no`
    """
    if probability in (0, 1):
        return yes() if probability else no()
    return tf.cond(tf.random.stateless_uniform([], seed) < probability, yes, no)


def below(seed: Any, count: Any) -> Any:
    """Draws one of 0, 1, ... count - 1.

    Shapes:
        int64 [2], int32 [] -> int32 []
    """
    return tf.random.stateless_uniform([], seed, 0, count, tf.int32)


def permuted(seed: Any, number: Any, count: Any) -> Any:
    """Returns the image of a number under a random permutation of 0, 1, ... count - 1.

    Shapes:
        int64 [2], [], [] -> int32 []
    """
    last = tf.cast(count - 1, tf.int32)
    return tf.random.experimental.index_shuffle(tf.cast(number, tf.int32), seed, last)
