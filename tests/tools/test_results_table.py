"""Tables of the documentation against the report."""

from __future__ import annotations

import copy
import json
import pathlib

from tests.cli.programs import run_module
from tests.tools.test_model_card import estimate, report
from tools import results_table


def test_models_are_in_the_order_of_their_pesq() -> None:
    rows = list(results_table.by_model(_two_models()))
    assert [row.split(" | ")[0] for row in rows[2:]] == ["| `large`", "| `small`"]
    small = "| `small` | +0.300 [+0.200, +0.400] | +0.020 [-0.010, +0.050] | +4.50 |"
    assert rows[3] == f"{small} +0.300 [+0.200, +0.400] | +4.50 | 1, 0 |"
    assert "in a room" not in rows[0] and "no room: PESQ" in rows[0]
    assert {row.count(" | ") for row in (rows[0], *rows[2:])} == {rows[1].count("|") - 2}


def test_a_group_of_all_recordings_has_no_columns() -> None:
    made = _two_models()
    made["figures"]["recordings"] = 1
    head, _, *rows = results_table.by_model(made)
    assert "room" not in head
    assert rows[1].startswith("| `small` | ") and rows[1].endswith(" | +4.50 | 1, 0 |")
    assert rows[1].count("|") == head.count("|") == 6


def test_bands_of_snr_are_columns() -> None:
    head, _, *rows = results_table.by_snr(_two_models())
    assert head == "| model | change of | 0 to 5 dB (1) |"
    assert rows[:2] == ["| `large` | PESQ | +0.900 |", "| `large` | SI-SDR dB | +4.50 |"]
    assert rows[2] == "| `small` | PESQ | +0.300 [+0.200, +0.400] |"


def test_the_program_prints_both_tables(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(_two_models()))
    printed = run_module("tools.results_table", path).stdout
    assert printed.startswith("2 recordings; noisy: PESQ-wb 1.200, STOI 0.700, SI-SDR dB 1.50\n\n")
    for table in (results_table.by_model, results_table.by_snr):
        assert "\n".join(table(_two_models())) in printed


def _two_models() -> dict:
    """Returns a report of two models, the second of which is better."""
    made = copy.deepcopy(report())
    figures = made["figures"]
    figures["groups"]["reverberation"] = {"no room": figures["groups"]["snr"]["0 to 5 dB"]}
    figures["means"]["large"] = figures["means"]["small"]
    better = {**figures["differences"][0]["metrics"], "pesq_wb": estimate(0.9)}
    figures["differences"].append({"system": "large", "baseline": "noisy", "metrics": better})
    figures["harm"]["large"] = figures["harm"]["small"]
    for groups in figures["groups"].values():
        for group in groups.values():
            group["differences_from_noisy"]["large"] = better
    return made
