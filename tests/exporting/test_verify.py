"""The table: what it compares, what it lets pass, and how it is written."""

from __future__ import annotations

import json
import math
import pathlib
from typing import Any

import numpy as np
import pytest

from tests.exporting.examples import voice
from tfse.errors import AudioError, ModelError
from tfse.exporting import forms, measure, recordings, table
from tfse.exporting.measure import Measured
from tfse.exporting.verify import LIMITS, Form, Pair, Row, verify

CLEAN = voice(1.0, 3)


def made(change: Any) -> Measured:
    enhanced = [change(CLEAN + np.float32(1e-3))]
    return Measured(enhanced, (1.0, 2.0), 1e-5, 100.0)


def rows(monkeypatch: pytest.MonkeyPatch, change: Any, limit: str = "float32") -> list[Row]:
    """Returns the row of the reference and that of a form that changes its output."""
    done = {"a": made(lambda x: x), "b": made(change)}
    monkeypatch.setattr(measure, "measure", lambda kind, path, noisy: done[kind])
    chosen = [Form("a", "a", "-"), Form("b", "b", "-", LIMITS[limit])]
    return list(verify(chosen, [Pair(CLEAN, CLEAN)], 16_000))


def test_equal_forms_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    reference, row = rows(monkeypatch, lambda x: x.copy())
    assert reference.failures == row.failures == ()
    assert (row.difference, row.snr_db, row.pesq, row.si_sdr_db) == (0.0, math.inf, 0.0, 0.0)
    assert row.real_time_factor == pytest.approx(0.16)


def test_differences_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    _, row = rows(monkeypatch, lambda x: x + np.float32(5e-5))
    assert row.difference == pytest.approx(5e-5, rel=1e-2)
    power = np.mean(np.square(CLEAN.astype(np.float64) + 1e-3))
    assert row.snr_db == pytest.approx(10 * np.log10(power / 25e-10), abs=0.1)


@pytest.mark.parametrize(
    ("change", "limit", "failure"),
    [
        (lambda x: x + np.float32(2e-4), "float32", "difference 2.0e-04, allowed 1e-04"),
        (lambda x: x * np.float32(np.nan), "float32", "difference nan, allowed 1e-04"),
        (lambda x: x * np.float32(np.nan), "int8", "the output is not finite"),
        (lambda x: x + voice(1.0, 9) * 0.5, "int8", "SI-SDR (dB) "),
        (lambda x: np.roll(x, 800), "dynamic", "PESQ "),
    ],
)
def test_a_broken_limit_is_named(
    change: Any, limit: str, failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, row = rows(monkeypatch, change, limit)
    assert any(text.startswith(failure) for text in row.failures), row.failures


def test_a_form_that_dies_costs_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(kind: str, path: Any, noisy: Any) -> Measured:
        if kind == "b":
            raise ModelError("b: the process was ended by SIGSEGV.")
        return made(lambda x: x)

    monkeypatch.setattr(measure, "measure", run)
    chosen = [Form(name, name, "-") for name in "abc"]
    found = list(verify(chosen, [Pair(CLEAN, None)], 16_000))
    assert [row.failures for row in found] == [(), ("b: the process was ended by SIGSEGV.",), ()]
    assert found[2].pesq is None, "without clean speech there is no metric"


def test_a_row_is_written_in_both_ways() -> None:
    row = Row("x", 1_500_000, 2e-5, math.inf, -0.01, 0.0, 0.1, (0.5, 0.75), 0.02, 60.0, ("bad",))
    assert table.line(row) == (
        "| x | 1.50 | 2.0e-05 | inf | -0.010 | +0.0000 | +0.100 | 0.500 | 0.750 | 0.020 | 60 "
        "| bad |"
    )
    widths = {text.count("|") for text in table.markdown([row, Row("y")]).splitlines()}
    assert len(widths) == 1
    first, second = json.loads(table.to_json([row, Row("y")]))
    assert (first["snr_db"], first["step_ms"], second["size_bytes"]) == (None, [0.5, 0.75], None)


def test_recordings_come_from_folders_of_pairs(tmp_path: pathlib.Path) -> None:
    import soundfile

    for name, samples in {"noisy": voice(0.5, 1), "clean": voice(0.5, 2)}.items():
        (tmp_path / name).mkdir()
        soundfile.write(tmp_path / name / "a.wav", samples, 16_000, subtype="FLOAT")
    folders = (tmp_path / "noisy", tmp_path / "clean")
    (pair,) = recordings.from_folders(*folders, 16_000, 5)
    np.testing.assert_array_equal(pair.noisy, voice(0.5, 1))
    np.testing.assert_array_equal(pair.clean, voice(0.5, 2))
    with pytest.raises(AudioError, match=r"a.wav must be mono at 8000 Hz; it has .* 16000 Hz"):
        recordings.from_folders(*folders, 8_000, 5)
    soundfile.write(folders[0] / "a.wav", voice(0.4), 16_000)
    with pytest.raises(AudioError, match=r"clean and noisy must have one length; a.wav does not"):
        recordings.from_folders(*folders, 16_000, 5)
    (folders[0] / "a.wav").unlink()
    with pytest.raises(AudioError, match=r"a.wav must be a recording"):
        recordings.from_folders(*folders, 16_000, 5)


def test_mixtures_of_the_validation_split_are_recordings(prepared: pathlib.Path) -> None:
    pairs = recordings.from_prepared(prepared, 16_000, 2)
    assert [pair.noisy.size for pair in pairs] == [48_000, 48_000]
    assert all(pair.clean is not None and pair.clean.any() for pair in pairs)


def test_exports_of_nobody_are_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "other.tflite"
    path.write_bytes(b"TFL3")
    with pytest.raises(ModelError, match="must carry the metadata of tfse"):
        forms.of_tflite(path)
