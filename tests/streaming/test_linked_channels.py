from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest

from tests.streaming.tiny_streams import RATE, identity_step, lstm_step, noise, read, write
from tfse.streaming import EnhanceOptions, StreamingEnhancer, enhance, enhance_file
from tfse.streaming.linked_channels import LinkedChannels


def linked(samples: Any, **options: Any) -> Any:
    return enhance(samples, RATE, lstm_step(), link_channels=True, **options)


@pytest.mark.parametrize("samples", [1, 700, 9000])
def test_a_model_that_changes_nothing_leaves_the_channels(samples: int) -> None:
    recording = noise(samples, 3)
    enhanced = enhance(recording, RATE, identity_step(), link_channels=True)
    np.testing.assert_allclose(enhanced, recording, atol=1e-6)


def test_channels_that_differ_only_in_level_keep_the_difference() -> None:
    mono = noise(9000)[:, np.newaxis]
    gains = np.array([1.0, 0.3, -0.2], np.float32)
    enhanced = linked(mono * gains)
    np.testing.assert_allclose(enhanced, enhanced[:, :1] * gains, atol=1e-6)
    assert np.std(enhanced) < 0.9 * np.std(mono * gains)


def test_the_level_difference_of_two_sources_stays_in_every_band() -> None:
    time = np.arange(20_000)[:, np.newaxis] / RATE
    left, right = (0.3 * np.sin(2 * np.pi * hz * time) for hz in (500.0, 3000.0))
    recording = (left * [1.0, 0.2] + right * [0.2, 1.0]).astype(np.float32)
    inner = slice(4000, 16_000)
    for hz in (500.0, 3000.0):
        carrier = np.exp(-2j * np.pi * hz * time[inner])
        before, after = (
            np.abs((x[inner] * carrier).sum(axis=0)) for x in (recording, linked(recording))
        )
        assert after[0] / after[1] == pytest.approx(before[0] / before[1], rel=0.01)


def test_channels_that_cancel_out_are_not_silenced() -> None:
    recording = noise(9000)[:, np.newaxis] * np.array([1.0, -1.0], np.float32)
    np.testing.assert_allclose(linked(recording), recording, atol=1e-4)


def test_the_stream_is_the_file_for_any_cut() -> None:
    recording = noise(9000, 2)
    enhancer = StreamingEnhancer(LinkedChannels(lstm_step()), num_streams=2)
    cuts = np.split(recording.T, [1, 300, 301, 2000, 7777], axis=1)
    pieces = [*(enhancer.process(piece) for piece in cuts), enhancer.flush()]
    np.testing.assert_allclose(np.concatenate(pieces, axis=1).T, linked(recording), atol=1e-6)


def test_one_channel_needs_no_link() -> None:
    recording = noise(9000)
    np.testing.assert_array_equal(linked(recording), enhance(recording, RATE, lstm_step()))


def test_files_use_the_option(tmp_path: pathlib.Path) -> None:
    recording = noise(9000, 2)
    source = write(tmp_path / "x.wav", recording, RATE, "FLOAT")
    options = EnhanceOptions(link_channels=True)
    enhance_file(source, tmp_path / "y.wav", lstm_step(), options)
    np.testing.assert_allclose(read(tmp_path / "y.wav"), linked(recording), atol=1e-6)
