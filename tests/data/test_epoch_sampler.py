"""Epoch sampler: shares of the speakers in the mixtures of an epoch."""

from __future__ import annotations

import pathlib
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from tfse.data.config import DataConfig
from tfse.data.open_mixer import open_mixer

CONFIG = DataConfig(
    segment_s=0.5, reverb_probability=0.0, babble_probability=0.0, clean_probability=1.0
)


def mixtures_of_speakers(folder: pathlib.Path, balance: float, split: str = "train") -> np.ndarray:
    """Returns the number of mixtures per epoch of each speaker."""
    mixer = open_mixer(folder, replace(CONFIG, speaker_balance=balance), split)
    speaker = mixer.speech.groups.numpy()[mixer.sampler.crops.numpy()]
    return np.bincount(speaker[mixer.sampler.first.numpy()], minlength=mixer.speech.group_count)


@pytest.mark.parametrize("balance", [0.0, 0.5, 1.0])
def test_shares_follow_the_power_of_the_duration(prepared: pathlib.Path, balance: float) -> None:
    owned = mixtures_of_speakers(prepared, 0.0)
    assert owned.min() < owned.max(), "the speakers must differ for this test to tell anything"
    shares = owned ** (1.0 - balance)
    found = mixtures_of_speakers(prepared, balance)
    assert found.sum() == owned.sum()
    np.testing.assert_allclose(found, shares / shares.sum() * owned.sum(), atol=1.0)


def test_a_balanced_mixture_draws_from_all_utterances_of_its_speaker(
    prepared: pathlib.Path,
) -> None:
    mixer = open_mixer(prepared, replace(CONFIG, speaker_balance=1.0), "train")
    speech, sampler = mixer.speech, mixer.sampler
    mixture = 0
    seeds = [tf.constant([7, n], tf.int64) for n in range(60)]
    drawn = {int(sampler.utterance(tf.constant(mixture), seed)) for seed in seeds}
    group = int(speech.groups[int(sampler.crops[int(sampler.first[mixture])])])
    assert drawn == set(np.flatnonzero(speech.groups.numpy() == group))


def test_only_training_is_balanced(prepared: pathlib.Path) -> None:
    plain = mixtures_of_speakers(prepared, 0.0, "valid")
    np.testing.assert_array_equal(mixtures_of_speakers(prepared, 1.0, "valid"), plain)
