"""Run folder: files of one training run, and checks that they belong to the experiment."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import tempfile
from collections.abc import Iterator
from typing import Any

import keras

from tfse.errors import ConfigError
from tfse.files import write_json, write_whole
from tfse.training.config import ExperimentConfig, TrainConfig
from tfse.training.schedule import learning_rate

# Length, validation and checkpoint settings may change when a run resumes; all
# others would make it another run.
_MAY_CHANGE = {
    "train.steps",
    "train.validate_every",
    "train.checkpoint_every",
    "train.early_stopping_patience",
    "train.max_bad_steps",
    "train.tensorboard_clips",
    "data.test_mixtures",
    "data.max_corrupt_records",
}


class RunFolder:
    """Folder of a run: config, models, checkpoints and logs.

    Layout: `config.json`, `run.json`, `best.keras`, `last.keras`, `history.csv`,
    `checkpoints/`, `tensorboard/`; `init_from.json` after a warm start, and
    `bad_batches.json` after a stop because of losses that are not finite.

    Args:
        path: folder; `claim` makes it if it does not exist.
    """

    def __init__(self, path: str | pathlib.Path) -> None:
        self.path = pathlib.Path(path)
        self.best = self.path / "best.keras"
        self.last = self.path / "last.keras"
        self.history = self.path / "history.csv"
        self.checkpoints = self.path / "checkpoints"
        self.tensorboard = self.path / "tensorboard"
        self.bad_batches = self.path / "bad_batches.json"
        self._config = self.path / "config.json"
        self._run = self.path / "run.json"
        self._init_from = self.path / "init_from.json"

    def claim(self, config: ExperimentConfig, start: dict[str, Any], step: int = 0) -> None:
        """Makes the folder for this experiment, or checks that it holds the same one.

        Args:
            config: the experiment.
            start: from `run_provenance.describe_start`; added to `run.json`.
            step: step of the checkpoint from which the run resumes.

        Raises:
            ConfigError: the folder holds a run with other settings or data; a new
                number of steps would make the learning rate jump; or the folder
                cannot be written.
        """
        settings = json.loads(json.dumps(config.as_dict()))
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            starts = self._starts()
            if self._config.exists():
                kept = _read_json(self._config)
                self._check_settings(kept, settings, config)
                self._check_schedule(kept["train"]["steps"], config.train, step)
                if starts:
                    self._check_hashes(starts[-1], start)
            write_json(self._config, settings)
            write_json(self._run, {"starts": [*starts, start]})
        except OSError as error:
            raise ConfigError(
                f"`run_dir` must be a folder that can be written; received {self.path}: "
                f"{error.strerror or error}."
            ) from error

    def write_init_from(self, report: dict[str, Any]) -> None:
        """Writes the report of a warm start."""
        write_json(self._init_from, report)

    def _starts(self) -> list[dict[str, Any]]:
        return list(_read_json(self._run)["starts"]) if self._run.exists() else []

    def _check_settings(
        self, before: dict[str, Any], settings: dict[str, Any], config: ExperimentConfig
    ) -> None:
        # A setting that did not exist when the run was made counts as its default.
        kept, given = {**_defaults(config), **dict(_flat(before))}, dict(_flat(settings))
        changed = sorted(
            name
            for name in kept.keys() | given.keys()
            if kept.get(name) != given.get(name) and name not in _MAY_CHANGE
        )
        if changed:
            shown = "; ".join(
                f"{name}: was {kept.get(name)}, is {given.get(name)}" for name in changed
            )
            raise ConfigError(
                f"{self.path} holds a run with other settings ({shown}); use another --run_dir."
            )

    def _check_schedule(self, steps: int, train: TrainConfig, step: int) -> None:
        was = learning_rate(dataclasses.replace(train, steps=steps), step)
        now = learning_rate(train, step)
        if was != now:
            raise ConfigError(
                f"`train.steps` must stay {steps} once the cosine schedule decays; at step {step} "
                f"{train.steps} would change the learning rate from {was:.3g} to {now:.3g}. "
                f"Start a new run with --init_from={self.last}."
            )

    def _check_hashes(self, before: dict[str, Any], start: dict[str, Any]) -> None:
        self._check_hash(
            "`data_dir` must hold the data",
            "index",
            before["data"]["index_sha256"],
            start["data"]["index_sha256"],
        )
        # Runs from before there were teachers have no entry.
        self._check_hash(
            "`train.teacher` must hold the weights",
            "file",
            before.get("teacher_sha256"),
            start["teacher_sha256"],
        )

    def _check_hash(self, rule: str, of: str, was: str | None, now: str) -> None:
        if was is not None and was != now:
            raise ConfigError(
                f"{rule} that {self.path} was started with; the SHA-256 of its {of} was "
                f"{was[:12]}, is {now[:12]}."
            )


def save_model(model: keras.Model, path: pathlib.Path) -> None:
    """Writes a model atomically."""
    write_whole(path, model_bytes(model))


def model_bytes(model: keras.Model) -> bytes:
    """Returns the content of a model's `.keras` file."""
    with tempfile.TemporaryDirectory() as folder:
        # Keras takes a path, not an open file.
        temporary = pathlib.Path(folder) / "model.keras"
        model.save(temporary)
        return temporary.read_bytes()


def _read_json(path: pathlib.Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}; not a run folder of tfse.") from error


def _defaults(config: ExperimentConfig) -> dict[str, Any]:
    parts = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    plain = {name: dataclasses.asdict(type(part)()) for name, part in parts.items()}
    return dict(_flat(json.loads(json.dumps(plain))))


def _flat(settings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
