"""The folder of a training run: what lies where, and whose it is."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import keras

from tfse.errors import ConfigError
from tfse.training.config import ExperimentConfig

# A run may be told to go on for longer; all else would make it another run.
_MAY_CHANGE = {"train.steps"}


class RunFolder:
    """Where a run keeps its config, models, checkpoints and logs.

    Layout: `config.json`, `best.keras`, `last.keras`, `history.csv`,
    `checkpoints/`, `tensorboard/`.

    Args:
        path: made if it does not exist.
    """

    def __init__(self, path: str | pathlib.Path) -> None:
        """Keeps the path; `claim` makes the folder."""
        self.path = pathlib.Path(path)
        self.best = self.path / "best.keras"
        self.last = self.path / "last.keras"
        self.history = self.path / "history.csv"
        self.checkpoints = self.path / "checkpoints"
        self.tensorboard = self.path / "tensorboard"
        self._config = self.path / "config.json"

    def claim(self, config: ExperimentConfig) -> None:
        """Makes the folder this experiment's, or checks that it is already.

        Raises:
            ConfigError: another experiment's settings lie there; names the first
                that differ, or the folder cannot be written.
        """
        settings = json.loads(json.dumps(config.as_dict()))
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(
                f"`run_dir` must be a folder that can be written; received {self.path}: "
                f"{error.strerror}."
            ) from error
        if self._config.exists():
            self._refuse_others(settings)
        write_text(self._config, json.dumps(settings, indent=2, sort_keys=True) + "\n")

    def _refuse_others(self, settings: dict[str, Any]) -> None:
        kept, given = dict(_flat(json.loads(self._config.read_text()))), dict(_flat(settings))
        changed = sorted(
            name
            for name in kept.keys() | given.keys()
            if kept.get(name) != given.get(name) and name not in _MAY_CHANGE
        )
        if changed:
            shown = ", ".join(f"{n}: {kept.get(n)} -> {given.get(n)}" for n in changed[:5])
            raise ConfigError(
                f"`run_dir` must belong to this experiment; {self.path} was made with other "
                f"settings ({shown})."
            )


def save_model(model: keras.Model, path: pathlib.Path) -> None:
    """Writes a model whole or not at all, and without the optimizer it was trained with."""
    temporary = path.with_name(f".{path.stem}.partial.keras")
    bare = type(model)(model.input, model.output, name=model.name)
    bare.save(temporary)
    os.replace(temporary, path)


def write_text(path: pathlib.Path, text: str) -> None:
    """Writes a text whole or not at all."""
    temporary = path.with_name(f".{path.name}.partial")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def _flat(settings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
