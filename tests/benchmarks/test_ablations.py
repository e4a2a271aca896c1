"""Ablations: settings of the rows, and the table of differences."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
from typing import Any

import pytest

from benchmarks import ablations

ARGUMENTS = argparse.Namespace(steps=7, segment_s=1.0)


@pytest.mark.parametrize("name", ablations.ROWS)
def test_every_row_sets_what_the_recipe_has_and_does_not_say(name: str) -> None:
    config, *flags = ablations.flags_of(name, ARGUMENTS)
    module = config.removeprefix("--config=").removesuffix(".py").replace("/", ".")
    experiment = importlib.import_module(module).get_config()
    for flag in flags:
        path, value = flag.removeprefix("--config.").split("=", 1)
        *parents, last = path.split(".")
        part = experiment
        for parent in parents:
            part = getattr(part, parent)
        assert last in {field.name for field in dataclasses.fields(part)}
        assert str(getattr(part, last)) != value, flag
    assert "--config.train.steps=7" in flags


def test_without_augmentation_nothing_is_left_of_it() -> None:
    config, *_ = ablations.flags_of("without augmentation", ARGUMENTS)
    module = config.removeprefix("--config=").removesuffix(".py").replace("/", ".")
    recipe = importlib.import_module(module).get_config().data.augmentation
    chances = {name: value for name, value in vars(recipe).items() if name.endswith("_probability")}
    # Shares of synthetic noise and of splices; the chances of any are other settings.
    del chances["synthetic_alone_probability"], chances["splice_silence_probability"]
    row = {
        path.removeprefix("data.augmentation.") for path in ablations.ROWS["without augmentation"]
    }
    assert row == {name for name, value in chances.items() if value}


def test_the_table_has_the_differences_of_the_report() -> None:
    def difference(system: str, baseline: str, mean: float | None) -> dict[str, Any]:
        value = {"mean": mean, "low": mean and mean - 0.125, "high": mean and mean + 0.125}
        return {
            "system": system,
            "baseline": baseline,
            "metrics": dict.fromkeys(ablations.METRICS, value),
        }

    systems = {ablations.WHOLE: "0/last.keras", "without EMA": "5/last.keras"}
    differences = [
        difference("0/last.keras", "noisy", 0.5),
        difference("5/last.keras", "noisy", None),
        difference("5/last.keras", "0/last.keras", -0.25),
    ]
    lines = ablations.comparison(systems, differences).splitlines()
    assert len(lines) == 4
    assert lines[2] == "| whole recipe | +0.500 | +0.500 | +0.50 |  |  |  |"
    change, short = "-0.250 (-0.375 to -0.125)", "-0.25 (-0.38 to -0.12)"
    assert lines[3] == f"| without EMA | - | - | - | {change} | {change} | {short} |"
