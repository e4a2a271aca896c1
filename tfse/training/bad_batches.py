"""Bad batches: keys of the mixtures of steps whose loss or gradient was not finite."""

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

    Every mixture is a function of its place in the stream, so the batches are made
    again here, and steps need not carry keys.

    Args:
        path: JSON file, `{"data": SETTINGS, "steps": [...], "keys": [...]}`, which
            `tfse-inspect-data --keys` reads.
        config: the experiment.
        data_dir: prepared data.
        steps: consecutive steps, from 0.
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
