from __future__ import annotations

import dataclasses
import pathlib
import sys

import numpy as np
import pytest
import soundfile

from benchmarks import behaviour
from benchmarks.behaviour import RATE, Recording
from tests.streaming.tiny_streams import identity, identity_step, noise

TALK = (0.1 * np.sin(np.arange(4 * RATE) / 9.0)).astype(np.float32)


def recording(enhanced: np.ndarray, noisy: np.ndarray = TALK) -> Recording:
    return Recording(TALK, noisy, enhanced.astype(np.float32), identity_step())


def test_levels_are_those_of_the_stretch() -> None:
    fading = TALK * np.repeat([1.0, 1.0, 0.5, 0.1], RATE)
    assert behaviour.change_db(2.0, 3.0)(recording(fading)) == pytest.approx(-6.02, abs=0.01)
    assert behaviour.least_change_by_second_db(recording(fading)) == pytest.approx(-20, abs=0.01)
    assert behaviour.speech_level_change_db(recording(0.5 * TALK)) == pytest.approx(-6.02, abs=0.01)
    halves = behaviour.second_half(behaviour.speech_level_change_db)
    late = TALK * np.repeat([1.0, 0.1], 2 * RATE)
    assert halves(recording(late)) == pytest.approx(-20.0, abs=0.01)


def test_gains_that_differ_are_spread() -> None:
    pumping = TALK * np.resize(np.repeat([1.0, 0.1], behaviour.FRAME), TALK.size)
    assert behaviour.spread_of_gain_db(recording(0.3 * TALK)) == pytest.approx(0.0, abs=1e-3)
    assert behaviour.spread_of_gain_db(recording(pumping)) == pytest.approx(20.0, abs=0.1)


def test_a_model_that_keeps_an_offset_is_told() -> None:
    offset = recording(TALK + 0.2, TALK + np.float32(0.2))
    assert behaviour.start_with_offset_db(offset) > 5
    without = dataclasses.replace(offset, enhanced=TALK)
    assert behaviour.start_with_offset_db(without) == pytest.approx(0.0, abs=0.1)


def test_the_table_says_what_failed_and_what_is_missing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    identity().save(tmp_path / "identity.keras")
    soundfile.write(tmp_path / "07-hum-120.flac", noise(3 * RATE), RATE)
    command = ["behaviour", f"--model={tmp_path}/identity.keras", f"--cases={tmp_path}"]
    monkeypatch.setattr(sys, "argv", command)
    assert behaviour.main() == 1
    rows = capsys.readouterr().out.splitlines()
    (hum,) = (row.split(" | ") for row in rows if row.startswith("| 07-hum-120"))
    assert (hum[2], abs(float(hum[3])), hum[4]) == ("at most -20", 0.0, "**failed** |")
    assert sum("| missing | **failed** |" in row for row in rows) == len(behaviour.CHECKS) - 1
