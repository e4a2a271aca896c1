"""Voices: where speech is cut out of a recording."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tfse.data import stateless_random
from tfse.data.joining import joined
from tfse.data.voices import onto_speech

RATE = 16_000


def recording(*levels_db: float) -> np.ndarray:
    """Returns noise of one second at each level, dB."""
    white = np.random.default_rng(0).standard_normal((len(levels_db), RATE))
    return (white * 10 ** (np.array(levels_db)[:, None] / 20)).astype(np.float32).reshape(-1)


def cut(audio: np.ndarray, seed: int, seconds: float = 3.0) -> np.ndarray:
    length = round(seconds * RATE)
    seeds = stateless_random.fold(tf.constant([seed, 1], tf.int64), 0)
    return joined(lambda _: tf.constant(audio), lambda *_: 0, seeds, length, onto_speech).numpy()


def level_db(audio: np.ndarray) -> float:
    return 10 * np.log10(np.mean(audio**2))


@pytest.mark.parametrize("seed", range(6))
def test_no_cut_of_hiss_before_speech_is_a_target(seed: int) -> None:
    # 11 s of hiss at -85 dB, then 1 s of speech at -25 dB.
    audio = recording(*[-85.0] * 11, -25.0)
    assert level_db(cut(audio, seed)) > -35


@pytest.mark.parametrize("seed", range(6))
def test_a_cut_with_quiet_speech_stays_where_it_was_drawn(seed: int) -> None:
    audio = recording(*[-60.0] * 6, -25.0)
    drawn = joined(
        lambda _: tf.constant(audio),
        lambda *_: 0,
        stateless_random.fold(tf.constant([seed, 1], tf.int64), 0),
        3 * RATE,
    )
    np.testing.assert_array_equal(cut(audio, seed), drawn.numpy())


@pytest.mark.parametrize("samples", [1, 300, 48_000])
def test_short_and_silent_recordings_are_cut_as_before(samples: int) -> None:
    np.testing.assert_array_equal(cut(np.zeros(samples, np.float32), 0), np.zeros(48_000))
