from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from tests.evaluation.small_sets import row, rows_of
from tfse.evaluation.report import analysis, console, degraded_files
from tfse.evaluation.report.excerpts import chosen
from tfse.evaluation.report.per_file import to_csv
from tfse.evaluation.results import Results, Row, faulty
from tfse.evaluation.sources.recordings import Facts


def results(metric: str, **systems: list[float | None]) -> Results:
    return Results(rows_of(metric, **systems), list(systems))


def test_a_mean_reports_its_number_of_files() -> None:
    found = analysis.figures(results("stoi", noisy=[0.5, None, 0.7], a=[0.6, 0.9, 0.8]), 0)
    assert found["means"]["noisy"]["stoi"]["mean"] == pytest.approx(0.6)
    assert (found["means"]["noisy"]["stoi"]["n"], found["means"]["noisy"]["stoi"]["of"]) == (2, 3)


def test_differences_are_of_files_that_both_have() -> None:
    found = analysis.figures(
        results("stoi", noisy=[0.5, None, 0.7], a=[0.6, 0.9, 0.8], b=[None, None, 0.4]), 0
    )
    pairs = {(d["system"], d["baseline"]): d["metrics"]["stoi"] for d in found["differences"]}
    assert set(pairs) == {("a", "noisy"), ("b", "noisy"), ("b", "a")}
    assert pairs["a", "noisy"]["mean"] == pytest.approx(0.1)
    assert pairs["a", "noisy"]["n"] == 2
    assert pairs["b", "a"]["mean"] == pytest.approx(-0.4)


def test_paired_differences_have_narrower_intervals_than_means() -> None:
    rng = np.random.default_rng(0)
    before = list(rng.uniform(0, 1, 50))
    after = [value + 0.01 + 0.001 * rng.standard_normal() for value in before]
    (change,) = analysis.figures(results("stoi", noisy=before, a=after), 0)["differences"]
    found = change["metrics"]["stoi"]
    assert 0.009 < found["low"] < found["mean"] < found["high"] < 0.011


def test_rows_in_any_order_give_the_same_figures() -> None:
    rows = rows_of("stoi", noisy=[0.5, 0.6, 0.7, 0.1, 0.9, 0.3], a=[0.6, 0.9, 0.8, 0.2, 0.4, 0.5])
    order = ["noisy", "a"]
    turned = analysis.figures(Results(rows[::-1], order), 0)
    assert turned == analysis.figures(Results(rows, order), 0)
    assert to_csv(Results(rows[::-1], order)) == to_csv(Results(rows, order))


def facts_rows(system: str) -> list[Row]:
    known = [
        Facts(-6.0, "rain", True),
        Facts(-5.0, "rain", False),
        Facts(4.999, "fan", False),
        Facts(None, "none", False),
        Facts(None, None, None),
    ]
    return [row(index, system, facts, stoi=0.1 * index) for index, facts in enumerate(known)]


def test_groups_by_snr_noise_and_reverberation() -> None:
    found = Results(facts_rows("a"), ["a"]).groups()
    assert found["snr"] == {
        "below -5 dB": [0],
        "-5 to 0 dB": [1],
        "0 to 5 dB": [2],
        "no noise": [3],
        "unknown": [4],
    }
    assert found["noise"] == {"fan": [2], "none": [3], "rain": [0, 1], "unknown": [4]}
    assert found["reverberation"] == {"in a room": [0], "no room": [1, 2, 3], "unknown": [4]}


def test_every_band_of_snr_begins_at_its_lower_end() -> None:
    levels = [-5.1, -5.0, 0.0, 5.0, 10.0, 14.9, 15.0, 19.9, 20.0, 40.0]
    rows = [row(number, "a", Facts(level, "rain")) for number, level in enumerate(levels)]
    assert Results(rows, ["a"]).groups()["snr"] == {
        "below -5 dB": [0],
        "-5 to 0 dB": [1],
        "0 to 5 dB": [2],
        "5 to 10 dB": [3],
        "10 to 15 dB": [4, 5],
        "15 to 20 dB": [6, 7],
        "20 dB and above": [8, 9],
    }


def test_the_unknown_group_is_the_last() -> None:
    rows = [row(n, "a", Facts(noise=noise)) for n, noise in enumerate([None, "a", "zz", "rain"])]
    assert list(Results(rows, ["a"]).groups()["noise"]) == ["a", "rain", "zz", "unknown"]


def test_the_real_time_factor_is_of_models_alone() -> None:
    found = Results([row(0, "noisy"), row(0, "a", real_time_factor=0.02)], ["noisy", "a"])
    assert list(analysis.real_time_factors(found, 0)) == ["a"]
    assert "real_time_factor" not in analysis.figures(found, 0)["means"]["a"]


def test_groups_have_means_and_changes_of_their_own() -> None:
    rows = facts_rows("noisy") + facts_rows("a")
    found = analysis.figures(Results(rows, ["noisy", "a"]), 0)["groups"]["noise"]["rain"]
    assert found["n"] == 2
    assert found["means"]["a"]["stoi"]["mean"] == pytest.approx(0.05)
    assert found["differences_from_noisy"]["a"]["stoi"]["mean"] == 0


def test_an_unknown_snr_is_measured_of_the_noisy_recording() -> None:
    rows = [row(0, "noisy", snr_db=7.5), row(0, "a", snr_db=20.0)]
    found = Results(rows, ["noisy", "a"])
    assert found.snr_is_measured()
    assert found.groups()["snr"] == {"5 to 10 dB": [0]}
    assert not Results(rows[1:], ["a"]).snr_is_measured()


def test_degraded_files_are_found_and_the_worst_is_first() -> None:
    before = {"pesq_wb": 2.0, "stoi": 0.8, "share_of_clipped": 0.01}
    after = [
        {"pesq_wb": 2.0 - 0.099, "stoi": 0.8 - 0.049},  # within the limits
        {"pesq_wb": 2.0 - 0.11, "stoi": 0.9},
        {"pesq_wb": 2.5, "stoi": 0.8 - 0.2},
        {"pesq_wb": 2.1, "stoi": 0.81, "level_change_db": -3.1, "share_of_clipped": 0.01},
        {"pesq_wb": 2.2, "stoi": 0.82, "level_change_db": 2.9, "share_of_clipped": 0.02},
        {"stoi": 0.85},
    ]
    rows = [row(index, "noisy", **before) for index in range(len(after))]
    rows += [row(index, "a", **values) for index, values in enumerate(after)]
    found = Results(rows, ["noisy", "a"])
    degraded = {one.index: one.kinds for one in degraded_files.find_degraded(found, "a")}
    assert degraded == {2: ("stoi",), 1: ("pesq",), 3: ("level",), 4: ("clipping",)}
    assert list(degraded) == [2, 1, 3, 4]
    assert degraded_files.ranking(found, "a") == [2, 1, 0, 3, 4, 5]
    counts = analysis.figures(found, 0)["harm"]["a"]
    assert counts["counts"] == {"pesq": 1, "stoi": 1, "level": 1, "clipping": 1}
    assert (counts["files"], counts["comparable"]) == (4, 6)


def test_values_at_a_limit_are_not_degraded() -> None:
    # Halves and quarters, so that differences are exact.
    at = {
        "stoi": degraded_files.STOI_FALL,
        "pesq": degraded_files.PESQ_FALL,
        "level": degraded_files.LEVEL_SHIFT_DB,
    }
    before = row(0, "noisy", pesq_wb=at["pesq"], stoi=at["stoi"])
    after = row(0, "a", pesq_wb=0.0, stoi=0.0, level_change_db=at["level"], share_of_clipped=0.01)
    (found,) = degraded_files.find_degraded(Results([before, after], ["noisy", "a"]), "a")
    assert found.kinds == ("clipping",)


def test_without_noisy_the_worst_is_that_of_the_lowest_score() -> None:
    rows = [row(0, "a", pesq_wb=2.0, stoi=0.1), row(1, "a", pesq_wb=1.0, stoi=0.9)]
    assert degraded_files.ranking(Results(rows, ["a"]), "a") == [1, 0]
    short = [row(0, "a", stoi=0.8), row(1, "a", stoi=0.7), row(2, "a")]
    assert degraded_files.ranking(Results(short, ["a"]), "a") == [1, 0]


def test_the_worst_the_median_and_the_best_are_shown_once_each() -> None:
    found = results("stoi", noisy=[0.5] * 7, a=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    shown = {one.index: one.places for one in chosen(found, worst=2)}
    assert shown == {
        0: ("worst 1 of a",),
        1: ("worst 2 of a",),
        3: ("median of a",),
        6: ("best of a",),
    }
    assert chosen(found, worst=0) == []
    assert len(chosen(found, worst=10)) == 7


def test_missing_values_are_listed_with_their_reasons() -> None:
    good = row(0, "a", stoi=0.5, pesq_wb=2.0)
    part = dataclasses.replace(
        row(1, "a", stoi=0.5), reasons={"pesq_wb": "too long"}, limits=("pesq_wb",)
    )
    bad = dataclasses.replace(faulty_row(2), facts=Facts(3.0))
    found = Results([good, part, bad], ["a"])
    listed = analysis.unmeasured(found)
    assert [(one["file"], one["metrics"], one["reason"], one["failed"]) for one in listed] == [
        ("1.wav", ["pesq_wb"], "too long", False),
        ("2.wav", ["pesq_wb", "stoi"], "the estimate: there is none", True),
    ]
    without_limit = dataclasses.replace(part, limits=())
    assert analysis.unmeasured(Results([good, without_limit], ["a"]))[0]["failed"]
    figures = analysis.figures(found, 0)
    assert figures["failed_rows"] == 1
    json.dumps(figures, allow_nan=False)
    assert "2.wav, a, pesq_wb, stoi: the estimate: there is none" in console.text(
        {"figures": figures}
    )
    lines = to_csv(found).decode().splitlines()
    assert lines[0].startswith("file,system,seconds,sample_rate,snr_db_of_mixture,noise,reverb")
    assert lines[2].endswith(",,0.5,,pesq_wb: too long")
    assert lines[3] == "2.wav,a,,,3.0,,,,,,,,the estimate: there is none,"


def faulty_row(index: int) -> Row:
    from tests.evaluation.small_sets import Pairs

    (recording,) = Pairs(1).recordings([0])
    recording = dataclasses.replace(recording, index=index, file=f"{index}.wav")
    return faulty(recording, "a", "the estimate: there is none")


def test_without_any_value_there_are_no_metrics() -> None:
    found = Results([faulty_row(0)], ["a"])
    figures = analysis.figures(found, 0)
    assert figures["unmeasured"][0]["metrics"] == []
    assert figures["failed_rows"] == 1


def test_without_noisy_recordings_changes_are_unknown() -> None:
    found = Results([row(0, "a", pesq_wb=2.0, level_change_db=5.0)], ["a"])
    figures = analysis.figures(found, 0)
    assert figures["harm"]["a"]["counts"] == {"pesq": None, "stoi": None, "level": 1, "clipping": 0}
    assert (
        "a: degraded files: 1. Changes of PESQ and STOI are unknown without noisy recordings; level"
        in (console.text({"figures": figures}))
    )
