"""Deals the mixtures of an epoch to the utterances that they begin with."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from tfse.data.records.record_table import RecordTable
from tfse.data.stateless_random import below
from tfse.types import Tensor


@dataclasses.dataclass(frozen=True)
class Turns:
    """Who begins each mixture of an epoch: one of a run of `crops`, drawn evenly.

    Attributes:
        crops: int32 [crops], the utterances, each as often as it has crops; those
            of one speaker follow each other.
        first: int32 [mixtures of an epoch], where the run begins.
        count: int32 [mixtures of an epoch], how long it is.
    """

    crops: Tensor
    first: Tensor
    count: Tensor

    @property
    def per_epoch(self) -> int:
        """Mixtures in an epoch."""
        return int(self.first.shape[0])

    def utterance(self, turn: Tensor, seed: Tensor) -> Tensor:
        """Returns the utterance whose turn it is.

        Shapes:
            int32 [], int64 [2] -> int32 []
        """
        chosen = below(seed, tf.gather(self.count, turn))
        return tf.gather(self.crops, tf.gather(self.first, turn) + chosen)


def whole(speech: RecordTable) -> Turns:
    """Returns one turn for every utterance."""
    return _each_by_itself(np.arange(speech.count))


def by_crops(speech: RecordTable, crop_samples: int, balance: float) -> Turns:
    """Returns as many turns as crops fit into the speech, dealt to the speakers.

    A speaker with n crops has a share of the turns proportional to
    n^(1 - balance): at 0 every crop has its own turn, at 1 every speaker has as
    many turns as any other, and draws an utterance for each. (If every
    utterance had one turn, a corpus of short commands would drown the long
    sentences of many more speakers.)

    Args:
        speech: its utterances.
        crop_samples: length of a crop.
        balance: from 0 to 1.
    """
    crops = np.repeat(np.arange(speech.count), -(-speech.samples.numpy() // crop_samples))
    if balance == 0:
        return _each_by_itself(crops)
    owned = np.bincount(speech.groups.numpy()[crops], minlength=speech.group_count)
    shares = owned ** (1.0 - balance)
    # Rounded so that the turns add up: each speaker ends where its share of the sum does.
    ends = np.round(np.cumsum(shares) / shares.sum() * crops.size).astype(int)
    turns = np.diff(ends, prepend=0)
    starts = np.cumsum(owned) - owned
    return _turns(crops, np.repeat(starts, turns), np.repeat(owned, turns))


def _each_by_itself(crops: Any) -> Turns:
    return _turns(crops, np.arange(crops.size), np.ones(crops.size))


def _turns(crops: Any, first: Any, count: Any) -> Turns:
    with tf.device("CPU"):
        return Turns(*(tf.constant(values, tf.int32) for values in (crops, first, count)))
