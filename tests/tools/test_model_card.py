"""Measured part of a model card against the reports."""

from __future__ import annotations

import json

import pytest

from tests.cli.programs import run_module
from tools import model_card


def estimate(mean, low=None, high=None):
    return {"mean": mean, "low": low, "high": high, "n": 2, "of": 2}


def report():
    names = ("pesq_wb", "stoi", "si_sdr_db")
    noisy = {name: estimate(value) for name, value in zip(names, (1.2, 0.7, 1.5), strict=True)}
    enhanced = {name: estimate(value) for name, value in zip(names, (1.5, 0.72, 6.0), strict=True)}
    change = dict(
        zip(
            names,
            (estimate(0.3, 0.2, 0.4), estimate(0.02, -0.01, 0.05), estimate(4.5)),
            strict=True,
        )
    )
    means = {"noisy": noisy, "small": enhanced}
    group = {"n": 1, "means": means, "differences_from_noisy": {"small": change}}
    return {
        "run": {
            "command": "tfse-evaluate --model=small --output_dir=x --jobs=1 --test_data=prepared"
        },
        "figures": {
            "recordings": 2,
            "means": means,
            "differences": [
                {"system": "small", "baseline": "noisy", "metrics": change},
                {"system": "other", "baseline": "small", "metrics": {}},
            ],
            "groups": {"snr": {"0 to 5 dB": group}},
            "harm": {"small": {"counts": {"pesq": 1, "stoi": 0, "level": 0, "clipping": 0}}},
        },
    }


VARIANT = {
    "form": "TFLite int8",
    "size_bytes": 550_000,
    "difference": 0.05,
    "snr_db": None,
    "pesq": -0.009,
    "pesq_worst": -0.031,
    "si_sdr_db": -0.038,
    "loud_snr_db": 31.26,
    "loud_pesq": -0.012,
    "step_ms": [0.24, 0.3],
}


def test_the_part_holds_every_result():
    part = model_card.measured("small", "facts", [report()], model_card.exports_part([VARIANT]))
    lines = part.splitlines()
    assert lines[0] == "facts"
    assert "    tfse-evaluate --model=small --test_data=prepared --output_dir=report" in lines
    change = "1.200 1.500 **+0.300** [+0.200, +0.400] | 0.700 0.720 **+0.020** [-0.010, +0.050] |"
    change += " 1.50 6.00 **+4.50** |"
    assert f"| all | 2 | {change}" in lines
    assert f"| 0 to 5 dB | 1 | {change}" in lines
    assert "Of 2 files PESQ fell by more than 0.1 in 1, STOI by more than 0.05 in 0." in lines
    assert lines[-1] == (
        "| TFLite int8 | 0.55 | 5.0e-02 | inf | -0.009 | -0.031 | -0.038 | 31.3 | -0.012 | 0.24 |"
    )


def test_a_group_of_all_recordings_has_no_row():
    found = report()
    found["figures"]["recordings"] = 1
    part = model_card.measured("small", "facts", [found], "")
    assert "| all | 1 |" in part and "0 to 5 dB" not in part


def test_the_rest_of_the_card_stays():
    card = f"# small\n\nstory\n\n{model_card.BEGIN}\nold\n{model_card.END}\n\nfailures\n"
    new = model_card.replaced(card, "new")
    assert new == card.replace("old", "new")
    assert model_card.replaced(new, "new") == new
    with pytest.raises(ValueError, match="must have the marks"):
        model_card.replaced("# small\n", "new")


def test_the_table_of_exports_of_a_card_is_found():
    exports = model_card.exports_part([VARIANT])
    card = model_card.replaced(f"{model_card.BEGIN}{model_card.END}\nend", f"facts\n\n{exports}")
    assert model_card.exports_part_of(card) == exports
    assert model_card.exports_part_of(model_card.replaced(card, "facts")) == ""


def test_the_program_writes_into_a_card_of_a_shipped_model(tmp_path):
    card, found = tmp_path / "card.md", tmp_path / "report.json"
    card.write_text(f"story\n{model_card.BEGIN}\n{model_card.END}\n")
    content = json.dumps(report()).replace("small", "dpcrn_small")
    found.write_text(content)
    ended = run_module(
        *("tools.model_card", "--model=dpcrn_small", f"--card={card}"),
        f"--evaluations={found}",
    )
    assert ended.returncode == 0, ended.stderr
    text = card.read_text()
    assert text.startswith("story\n")
    assert "16,000 Hz, output delay 256 samples (16 ms), algorithmic latency 512 samples" in text
    assert "| all | 2 |" in text and "TFLite int8" not in text

    table = tmp_path / "verified.json"
    table.write_text(json.dumps([VARIANT]))
    for verification in ([f"--verification={table}"], []):
        ended = run_module(
            "tools.model_card", "--model=dpcrn_small", f"--card={card}", *verification
        )
        assert ended.returncode == 0, ended.stderr
        assert model_card.exports_part_of(card.read_text()) == model_card.exports_part([VARIANT])
