from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest

from benchmarks import full_band
from benchmarks.full_band import RATE, Result
from benchmarks.synthetic_speech import NOISES, noise, speech
from tests.streaming.tiny_streams import identity_step
from tfse.streaming import open_step

STEP = "fastenhancer_base"


def test_speech_has_fricatives_far_above_the_band_of_the_models() -> None:
    samples, segments = speech(0)
    assert segments[-1].stop == samples.size
    high = full_band.band(samples, (10_000.0, 14_000.0))
    for phone, level_db in {"s": -40, "S": -50, "f": -55, "": -120}.items():
        places = [segment.inner(0.02) for segment in segments if segment.phone == phone]
        power = np.mean(np.concatenate([high[place] for place in places]) ** 2)
        assert (10 * np.log10(power + 1e-20) > level_db) == bool(phone), phone


def test_the_same_seed_is_the_same_mixture() -> None:
    np.testing.assert_array_equal(speech(1)[0], speech(1)[0])
    assert not np.array_equal(speech(1)[0][:RATE], speech(2)[0][:RATE])
    for kind in NOISES:
        made = noise(kind, RATE, 0)
        np.testing.assert_array_equal(made, noise(kind, RATE, 0))
        assert np.mean(made**2) == pytest.approx(1.0, rel=1e-3)


def test_a_model_that_changes_nothing_measures_nothing() -> None:
    pair = full_band.mixture("pink", 60, 0)
    result = full_band.measured(pair, full_band.enhanced(pair, identity_step()))
    for values in dataclasses.astuple(result):
        np.testing.assert_allclose(values, 0.0, atol=0.02)
    assert not result.beyond()


def test_results_beyond_the_limits_are_named() -> None:
    ok, bad = np.array([-20.0, -15.0]), np.array([-20.0, -13.0])
    even, upper = np.array([1.0, 1.5]), np.array([1.0, 4.0])
    names = ["pauses", "fricatives", "spread", "step"]
    assert Result(bad, -upper, upper, upper, even).beyond() == names
    assert not Result(ok, -even, even, even, even).beyond()
    for lost_db in ((-9.0, -12.0), (-2.9, -3.8), (-2.0, 0.0)):
        assert not Result(ok, np.array(lost_db), even, even, even).beyond()


@pytest.mark.parametrize(
    ("kind", "snr_db"), [("white", 10), ("pink", 10), ("fan", 5), ("babble", 20)]
)
def test_the_upper_band_of_a_shipped_model_is_within_the_limits(kind: str, snr_db: float) -> None:
    pair = full_band.mixture(kind, snr_db, 0)
    result = full_band.measured(pair, full_band.enhanced(pair, open_step(STEP)))
    assert not result.beyond()
    assert abs(result.fricatives[0]) <= full_band.FRICATIVE_LIMIT_DB


def test_the_band_of_the_model_alone_is_beyond_them() -> None:
    pair = full_band.mixture("white", 20, 0)
    result = full_band.measured(pair, full_band.enhanced(pair, open_step(STEP), "model"))
    assert "fricatives" in result.beyond()


def test_the_program_prints_a_row_per_noise_and_snr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(full_band, "NOISES", ("white",))
    command = ["full_band", f"--model={STEP}", "--seeds=1", "--snrs_db=20"]
    monkeypatch.setattr(sys, "argv", command)
    assert full_band.main() == 0
    *_, row = capsys.readouterr().out.splitlines()
    assert row.startswith("| white | 20 | -")
