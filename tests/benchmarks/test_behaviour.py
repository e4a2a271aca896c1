"""Benchmark of behaviour: measurements, situations and the table."""

from __future__ import annotations

import dataclasses
import pathlib
import sys

import numpy as np
import pytest
import soundfile

from benchmarks.behaviour import __main__ as program
from benchmarks.behaviour import measures, recorded, situations
from benchmarks.behaviour.material import SAMPLES, Material, open_material
from benchmarks.behaviour.measures import RATE, Recording
from tests.streaming.tiny_streams import identity, identity_step, noise

TALK = (0.1 * np.sin(np.arange(4 * RATE) / 9.0)).astype(np.float32)


def recording(enhanced: np.ndarray, noisy: np.ndarray = TALK) -> Recording:
    return Recording(TALK, noisy, enhanced.astype(np.float32), identity_step())


def test_levels_are_those_of_the_stretch() -> None:
    fading = TALK * np.repeat([1.0, 1.0, 0.5, 0.1], RATE)
    assert measures.change_db(2.0, 3.0)(recording(fading)) == pytest.approx(-6.02, abs=0.01)
    assert measures.least_change_by_second_db(recording(fading)) == pytest.approx(-20, abs=0.01)
    assert measures.speech_level_change_db(recording(0.5 * TALK)) == pytest.approx(-6.02, abs=0.01)
    halves = measures.second_half(measures.speech_level_change_db)
    late = TALK * np.repeat([1.0, 0.1], 2 * RATE)
    assert halves(recording(late)) == pytest.approx(-20.0, abs=0.01)


def test_gains_that_differ_are_spread() -> None:
    pumping = TALK * np.resize(np.repeat([1.0, 0.1], measures.FRAME), TALK.size)
    assert measures.spread_of_gain_db(recording(0.3 * TALK)) == pytest.approx(0.0, abs=1e-3)
    assert measures.spread_of_gain_db(recording(pumping)) == pytest.approx(20.0, abs=0.1)


def test_a_model_that_keeps_an_offset_is_told() -> None:
    offset = recording(TALK + 0.2, TALK + np.float32(0.2))
    assert measures.start_with_offset_db(offset) > 5
    without = dataclasses.replace(offset, enhanced=TALK)
    assert measures.start_with_offset_db(without) == pytest.approx(0.0, abs=0.1)


def test_the_table_says_what_failed_and_what_is_missing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    identity().save(tmp_path / "identity.keras")
    soundfile.write(tmp_path / "07-hum-120.flac", noise(3 * RATE), RATE)
    command = ["behaviour", f"--model={tmp_path}/identity.keras", f"--cases={tmp_path}"]
    monkeypatch.setattr(sys, "argv", command)
    assert program.main() == 1
    rows = capsys.readouterr().out.splitlines()
    (hum,) = (row.split(" | ") for row in rows if row.startswith("| 07-hum-120"))
    assert (hum[2], abs(float(hum[3])), hum[4]) == ("at most -20", 0.0, "**failed** |")
    assert sum("| missing | **failed** |" in row for row in rows) == len(recorded.CHECKS) - 1


def test_changes_of_metrics_are_against_noisy() -> None:
    rng = np.random.default_rng(0)
    noisy = TALK + 0.05 * rng.standard_normal(TALK.size).astype(np.float32)
    better = TALK + 0.1 * (noisy - TALK)
    assert measures.si_sdr_change(recording(better, noisy)) == pytest.approx(20.0, abs=0.1)
    assert measures.si_sdr_change(recording(noisy, noisy)) == 0.0
    assert measures.less_than_10_db_percent(recording(0.5 * TALK)) == 100.0
    assert measures.less_than_10_db_percent(recording(0.1 * TALK)) == 0.0
    late = measures.first(1.0, measures.change_db(0.0))
    assert late(recording(TALK * np.repeat([0.1, 1.0], 2 * RATE))) == pytest.approx(-20, abs=0.01)


def test_silence_has_the_lowest_scores_and_undefined_ones_are_no_number() -> None:
    silence = np.zeros(2 * RATE, np.float32)
    talk = TALK[: 2 * RATE]
    silenced = Recording(talk, talk, silence, identity_step())
    assert [f(silenced) for f in (measures.pesq, measures.stoi, measures.si_sdr)] == [1, 0, -60]
    without_speech = Recording(silence, talk, talk, identity_step())
    assert np.isnan([f(without_speech) for f in (measures.pesq, measures.si_sdr)]).all()


def test_what_follows_a_change_is_compared_with_itself_alone(material: Material) -> None:
    step = identity_step()
    worse, louder = measures.pesq_against_alone(4.0), measures.pesq_against_louder(6.0)
    _, noisy = next(situations.SITUATIONS["after another mixture"](material))
    # The reference is what came in, so that PESQ is high.
    same = Recording(noisy, noisy, noisy, step)
    assert worse(same) == 0
    assert louder(same) == pytest.approx(0.0, abs=0.05)
    silenced = np.concatenate([noisy[:SAMPLES], np.zeros(SAMPLES, np.float32)])
    assert worse(dataclasses.replace(same, enhanced=silenced)) < -3
    before = np.concatenate([np.zeros(SAMPLES, np.float32), noisy[SAMPLES:]])
    assert worse(dataclasses.replace(same, enhanced=before)) == 0


def test_the_program_measures_every_situation(
    prepared: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    identity().save(tmp_path / "identity.keras")
    command = ["behaviour", f"--model={tmp_path}/identity.keras", f"--data_dir={prepared}"]
    monkeypatch.setattr(sys, "argv", command)
    assert program.main() == 1
    rows = [row.split(" | ") for row in capsys.readouterr().out.splitlines()[2:]]
    assert [row[0].strip("| ") for row in rows] == [check.case for check in situations.CHECKS]
    (loud,) = (row for row in rows if row[1] == "more samples at full scale, %")
    assert float(loud[3]) == 0.0
    assert {row[3] for row in rows if row[0] in ("| keyboard", "| music behind speech")} == {
        "missing"
    }


@pytest.fixture(scope="module")
def material(prepared: pathlib.Path) -> Material:
    return open_material(str(prepared), 4)


@pytest.mark.parametrize("name", list(situations.SITUATIONS))
def test_a_situation_has_pairs_of_whole_signals(name: str, material: Material) -> None:
    pairs = list(situations.SITUATIONS[name](material))
    if name in ("music behind speech", "keyboard"):
        assert not pairs, "the corpus of the tests has no such noise"
        return
    assert pairs
    for clean, noisy in pairs:
        assert clean.shape == noisy.shape
        assert clean.dtype == noisy.dtype == np.float32
        assert np.isfinite(noisy).all()
        if name != "from the first sample":
            assert clean.size % SAMPLES == 0 or name == "after 30 s of silence"
    assert {check.case for check in situations.CHECKS} == set(situations.SITUATIONS)


def test_a_whisper_has_the_envelope_of_the_speech_but_no_pitch() -> None:
    time_s = np.arange(2 * RATE) / RATE
    voice = sum(np.sin(2 * np.pi * 200 * k * time_s) / k for k in range(1, 30))
    whispered = situations.whispered(voice.astype(np.float32))
    assert np.mean(whispered**2.0) == pytest.approx(np.mean(voice**2.0), rel=1e-3)
    spectra = [np.abs(np.fft.rfft(x[RATE // 2 : RATE // 2 + RATE])) for x in (voice, whispered)]
    ups = [np.sum(x[200:4000:200] ** 2) / np.sum(x[200:4000] ** 2) for x in spectra]
    assert ups[0] > 0.95
    assert ups[1] < 0.05
    low, high = (np.sum(spectra[1][band] ** 2) for band in (slice(100, 900), slice(3000, 3800)))
    assert low > 3 * high


def test_noise_is_added_at_its_ratio() -> None:
    voice = TALK
    (pair,) = situations.mixed([voice], [np.ones(SAMPLES, np.float32)], 6.0)
    noise_power = np.mean((pair[1] - pair[0]) ** 2.0)
    assert 10 * np.log10(np.mean(voice**2.0) / noise_power) == pytest.approx(6.0, abs=0.01)
