"""Verification table: comparison, limits and output."""

from __future__ import annotations

import json
import math
import pathlib
from typing import Any

import numpy as np
import pytest

from tests.exporting.tiny_exports import voice
from tfse.errors import AudioError, ModelError
from tfse.exporting.verification import measure_variant, recordings, table, variants
from tfse.exporting.verification.measure_variant import Measured
from tfse.exporting.verification.verify import LIMITS, Pair, Row, Variant, verify

CLEAN = voice(1.0, 3)


def made(change: Any) -> Measured:
    enhanced = [change(CLEAN + np.float32(1e-3))]
    return Measured(enhanced, (1.0, 2.0), 1e-5, 100.0)


def rows(monkeypatch: pytest.MonkeyPatch, change: Any, limit: str = "float32") -> list[Row]:
    """Returns the row of the reference and that of a variant that changes its output."""
    done = {"a": made(lambda x: x), "b": made(change)}
    monkeypatch.setattr(measure_variant, "measure", lambda kind, path, noisy: done[kind])
    chosen = [Variant("a", "a", "-"), Variant("b", "b", "-", LIMITS[limit])]
    return list(verify(chosen, [Pair(CLEAN, CLEAN)], 16_000))


def test_equal_variants_pass(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_the_worst_recording_and_loud_ones_stand_beside_the_mean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pairs = [Pair(CLEAN, CLEAN)] * 3
    hum = voice(1.0, 9)

    def run(kind: str, path: Any, noisy: Any) -> Measured:
        # The second recording and the loud third lose much, the first nothing.
        shares = (0.0, 0.3, 0.5) if kind == "b" else (0.0, 0.0, 0.0)
        enhanced = [CLEAN + np.float32(1e-3) + np.float32(share) * hum for share in shares]
        return Measured(enhanced, (1.0, 2.0), 1e-5, 100.0)

    monkeypatch.setattr(measure_variant, "measure", run)
    chosen = [Variant("a", "a", "-"), Variant("b", "b", "-", LIMITS["dynamic"])]
    reference, row = verify(chosen, pairs[:2], 16_000, loud=pairs[2:])
    assert (reference.pesq_worst, reference.loud_pesq) == (0.0, 0.0)
    assert row.pesq_worst == pytest.approx(2 * row.pesq)
    assert row.loud_pesq < row.pesq_worst < row.pesq < 0
    assert row.loud_snr_db < row.snr_db
    for what in ("PESQ ", "PESQ of the worst recording ", "PESQ of loud recordings "):
        assert any(text.startswith(what) for text in row.failures), row.failures


def test_no_format_may_lose_what_int8_once_was_allowed() -> None:
    for limit in LIMITS.values():
        assert limit.pesq <= 0.02
        assert limit.pesq_worst <= 0.15


def test_loud_recordings_are_at_minus_6_dbfs_or_at_full_scale() -> None:
    flat = np.where(np.arange(1000) % 2, 0.1, -0.1).astype(np.float32)
    peaky = np.zeros(1000, np.float32)
    peaky[3] = -0.25
    silent = np.zeros(1000, np.float32)
    pairs = [Pair(flat, flat / 2), Pair(peaky, None), Pair(silent, silent)]
    loud = recordings.loud(pairs * 9)
    assert len(loud) == 10
    assert 20 * np.log10(np.sqrt(np.mean(loud[0].noisy ** 2))) == pytest.approx(-6.0, abs=1e-4)
    np.testing.assert_allclose(loud[0].clean, loud[0].noisy / 2, rtol=1e-6)
    assert (loud[1].noisy.min(), loud[1].clean) == (-1.0, None)
    assert not loud[2].noisy.any()


def test_a_variant_that_dies_costs_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(kind: str, path: Any, noisy: Any) -> Measured:
        if kind == "b":
            raise ModelError("b: the process was ended by SIGSEGV.")
        return made(lambda x: x)

    monkeypatch.setattr(measure_variant, "measure", run)
    chosen = [Variant(name, name, "-") for name in "abc"]
    found = list(verify(chosen, [Pair(CLEAN, None)], 16_000))
    assert [row.failures for row in found] == [(), ("b: the process was ended by SIGSEGV.",), ()]
    assert found[2].pesq is None, "without clean speech there is no metric"


def test_a_row_is_written_in_both_ways() -> None:
    row = Row(
        variant="x",
        size_bytes=1_500_000,
        difference=2e-5,
        snr_db=math.inf,
        pesq=-0.01,
        pesq_worst=-0.05,
        stoi=0.0,
        si_sdr_db=0.1,
        loud_snr_db=40.0,
        loud_pesq=-0.02,
        step_ms=(0.5, 0.75),
        real_time_factor=0.02,
        memory_mb=60.0,
        failures=("bad",),
    )
    assert table.line(row) == (
        "| x | 1.50 | 2.0e-05 | inf | -0.010 | -0.050 | +0.0000 | +0.100 | 40.0 | -0.020 "
        "| 0.500 | 0.750 | 0.020 | 60 | bad |"
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
    with pytest.raises(AudioError, match=r"a.wav must be mono at 8000 Hz; it has 16000 Hz"):
        recordings.from_folders(*folders, 8_000, 5)
    soundfile.write(folders[0] / "a.wav", voice(0.4), 16_000)
    with pytest.raises(AudioError, match=r"a.wav: clean and noisy recording differ in length"):
        recordings.from_folders(*folders, 16_000, 5)
    (folders[0] / "a.wav").unlink()
    with pytest.raises(AudioError, match=r"a.wav cannot be read"):
        recordings.from_folders(*folders, 16_000, 5)


def test_mixtures_of_the_validation_split_are_recordings(prepared: pathlib.Path) -> None:
    pairs, left_out = recordings.from_prepared(prepared, 16_000, 2)
    assert left_out == ()
    assert [pair.noisy.size for pair in pairs] == [48_000, 48_000]
    assert all(pair.clean is not None and pair.clean.any() for pair in pairs)


def test_exports_of_nobody_are_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "other.tflite"
    path.write_bytes(b"TFL3")
    with pytest.raises(ModelError, match="has no readable tfse metadata"):
        variants.of_tflite(path)
