"""The rows of the ablations change what they say, and their table compares file by file."""

from __future__ import annotations

import argparse
import dataclasses
import importlib

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
    fields = dataclasses.fields(
        importlib.import_module("tfse.data.augmentation_config").AugmentationConfig
    )
    chances = {f"data.augmentation.{f.name}" for f in fields if f.name.endswith("_probability")}
    assert set(ablations.ROWS["without augmentation"]) == chances


def test_the_table_compares_the_same_files() -> None:
    rows = [
        {"file": f"{n}", "system": system, "pesq_wb": f"{pesq + n}", "stoi": "0.5", "si_sdr_db": ""}
        for n in range(6)
        for system, pesq in (("noisy", 1.0), ("0/last.keras", 1.5), ("5/last.keras", 1.25))
        # One file without a value must not move the others' mean.
        if not (system.startswith("5") and n == 5)
    ]
    models = {"0/last.keras": ablations.WHOLE, "5/last.keras": "without EMA"}
    lines = ablations.table(ablations.scores(rows, models)).splitlines()
    assert len(lines) == 4
    assert lines[2] == "| whole recipe | +0.500 | +0.000 | - |  |  |  |"
    assert lines[3].startswith("| without EMA | +0.250 | +0.000 | - | -0.250 (-0.250 to -0.250) |")
    alone = [
        {**row, "system": row["system"].split("/")[-1]} for row in rows if row["system"][0] != "5"
    ]
    assert (
        ablations.table(ablations.scores(alone, {"0/last.keras": ablations.WHOLE})).count("\n") == 2
    )
