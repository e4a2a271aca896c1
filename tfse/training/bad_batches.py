"""Finds the mixtures of steps whose loss or gradient was not finite."""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
from typing import Any

from tfse.data import pipeline
from tfse.files import write_json
from tfse.training.config import ExperimentConfig


def write_bad_batches(
    path: pathlib.Path,
    config: ExperimentConfig,
    data_dir: str | pathlib.Path,
    steps: range,
) -> None:
    """Writes the keys of all mixtures of some steps.

    Every mixture is a function of its place in the stream, so the batches are
    made once more rather than their keys carried through every step.

    Args:
        path: of the JSON file: `{"data": SETTINGS, "steps": [...], "keys": [...]}`;
            `tfse-inspect-data --keys` makes sound of it.
        config: the experiment.
        data_dir: its data.
        steps: the bad ones, from 0, one after the other.
    """
    write_json(
        path,
        {
            "data": dataclasses.asdict(config.data),
            "steps": list(steps),
            "keys": keys_of_steps(config, data_dir, steps),
        },
    )


def keys_of_steps(
    config: ExperimentConfig, data_dir: str | pathlib.Path, steps: range
) -> list[str]:
    """Returns the keys of all mixtures of some steps, in order."""
    train = config.train
    batches: Any = pipeline.training_dataset(
        data_dir,
        config.data,
        batch_size=train.batch_size,
        start=steps.start * train.mixtures_per_step,
    )
    wanted = itertools.islice(iter(batches), len(steps) * train.accumulation_steps)
    return [key.decode() for batch in wanted for key in batch["key"].numpy()]
