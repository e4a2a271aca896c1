"""How the crops of an epoch are dealt to speakers."""

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


def speakers_of_turns(folder: pathlib.Path, balance: float, split: str = "train") -> np.ndarray:
    """Returns how many turns of an epoch each speaker has."""
    mixer = open_mixer(folder, replace(CONFIG, speaker_balance=balance), split)
    speaker = mixer.speech.groups.numpy()[mixer.turns.crops.numpy()]
    return np.bincount(speaker[mixer.turns.first.numpy()], minlength=mixer.speech.group_count)


@pytest.mark.parametrize("balance", [0.0, 0.5, 1.0])
def test_shares_follow_the_power_of_the_duration(prepared: pathlib.Path, balance: float) -> None:
    owned = speakers_of_turns(prepared, 0.0)
    assert owned.min() < owned.max(), "the speakers must differ for this test to tell anything"
    shares = owned ** (1.0 - balance)
    found = speakers_of_turns(prepared, balance)
    assert found.sum() == owned.sum()
    np.testing.assert_allclose(found, shares / shares.sum() * owned.sum(), atol=1.0)


def test_a_speaker_draws_from_all_that_it_said(prepared: pathlib.Path) -> None:
    mixer = open_mixer(prepared, replace(CONFIG, speaker_balance=1.0), "train")
    speech, turns = mixer.speech, mixer.turns
    turn = 0
    seeds = [tf.constant([7, n], tf.int64) for n in range(60)]
    drawn = {int(turns.utterance(tf.constant(turn), seed)) for seed in seeds}
    group = int(speech.groups[int(turns.crops[int(turns.first[turn])])])
    assert drawn == set(np.flatnonzero(speech.groups.numpy() == group))


def test_only_training_is_balanced(prepared: pathlib.Path) -> None:
    plain = speakers_of_turns(prepared, 0.0, "valid")
    np.testing.assert_array_equal(speakers_of_turns(prepared, 1.0, "valid"), plain)
