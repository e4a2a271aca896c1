"""Epoch sampler: maps a mixture's index to its first utterance, speaker-balanced."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from tfse.data.records.record_table import RecordTable
from tfse.data.stateless_random import below
from tfse.types import Tensor


@dataclasses.dataclass(frozen=True)
class EpochSampler:
    """First utterance of each mixture of an epoch, drawn uniformly from a run of `crops`.

    Attributes:
        crops: int32 [crops], utterances, each as often as it has crops; those of one
            speaker are adjacent.
        first: int32 [mixtures per epoch], start of the run of each mixture.
        count: int32 [mixtures per epoch], length of the run of each mixture.
    """

    crops: Tensor
    first: Tensor
    count: Tensor

    @property
    def per_epoch(self) -> int:
        """Mixtures per epoch."""
        return int(self.first.shape[0])

    def utterance(self, mixture: Tensor, seed: Tensor) -> Tensor:
        """Returns the first utterance of a mixture.

        Shapes:
            int32 [], int64 [2] -> int32 []
        """
        chosen = below(seed, tf.gather(self.count, mixture))
        return tf.gather(self.crops, tf.gather(self.first, mixture) + chosen)


def whole(speech: RecordTable) -> EpochSampler:
    """Returns a sampler of one mixture per utterance."""
    return _unbalanced(np.arange(speech.count))


def by_crops(speech: RecordTable, crop_samples: int, balance: float) -> EpochSampler:
    """Returns a sampler of as many mixtures as crops fit into the speech.

    A speaker with n crops has a share of the mixtures proportional to n^(1 - balance):
    at 0 each crop has one mixture; at 1 all speakers have the same number, each with an
    utterance drawn from those of the speaker. (With one mixture per utterance, a corpus
    of short commands would outweigh the long sentences of many more speakers.)

    Args:
        speech: records of speech.
        crop_samples: length of a crop.
        balance: from 0 to 1.
    """
    crops = np.repeat(np.arange(speech.count), -(-speech.samples.numpy() // crop_samples))
    if balance == 0:
        return _unbalanced(crops)
    owned = np.bincount(speech.groups.numpy()[crops], minlength=speech.group_count)
    shares = owned ** (1.0 - balance)
    # The cumulative shares are rounded, so that the numbers of mixtures add up.
    ends = np.round(np.cumsum(shares) / shares.sum() * crops.size).astype(int)
    mixtures = np.diff(ends, prepend=0)
    starts = np.cumsum(owned) - owned
    return _sampler(crops, np.repeat(starts, mixtures), np.repeat(owned, mixtures))


def _unbalanced(crops: Any) -> EpochSampler:
    return _sampler(crops, np.arange(crops.size), np.ones(crops.size))


def _sampler(crops: Any, first: Any, count: Any) -> EpochSampler:
    with tf.device("CPU"):
        return EpochSampler(*(tf.constant(values, tf.int32) for values in (crops, first, count)))
