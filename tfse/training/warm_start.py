"""Begins a training with the weights of another model."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras

from tfse.errors import ConfigError
from tfse.models import EnhancementModel, loading
from tfse.models.widening import widen


@dataclasses.dataclass(frozen=True)
class WarmStart:
    """What was and was not taken over from another model, by paths of weights.

    Attributes:
        source: name or path of the other model.
        loaded: weights that both have, with the same shape.
        other_shape: weights that both have, with what the other's shape is.
        missing: weights that the other lacks; they keep their fresh values.
        unused: weights that only the other has.
    """

    source: str
    loaded: list[str]
    other_shape: list[str]
    missing: list[str]
    unused: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Returns the lists by name."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        """Says it in a few lines: what was not loaded by name, the rest by number."""
        total = len(self.loaded) + len(self.other_shape) + len(self.missing)
        lines = [f"{len(self.loaded)} of {total} weights are those of {self.source}."]
        for what, names in (
            ("another shape", self.other_shape),
            ("not in it", self.missing),
            ("only in it", self.unused),
        ):
            lines += [f"  {what}: {name}" for name in names]
        return "\n".join(lines)


@dataclasses.dataclass(frozen=True)
class Source:
    """The model that a training begins with.

    Attributes:
        name: a `.keras` file, or the name of a shipped model.
        model: what it holds.
        widens: its units are repeated until they fill the model that is trained.
    """

    name: str
    model: EnhancementModel
    widens: bool = False

    def give(self, model: EnhancementModel) -> WarmStart:
        """Gives its weights to a model.

        Raises:
            ModelError: the model is not its like, so that it cannot be widened.
        """
        if not self.widens:
            return warm_start(model, self.model, self.name)
        widen(model, self.model)
        return WarmStart(f"{self.name}, widened", [_path(w) for w in model.weights], [], [], [])


def load_source(name: str, widens: bool = False) -> Source | None:
    """Returns the model to begin with, None for an empty name.

    Args:
        name: a `.keras` file, or the name of a shipped model.
        widens: see `Source`.

    Raises:
        ConfigError: nothing is named that could be widened.
        ModelError: no such model.
    """
    if widens and not name:
        raise ConfigError("`--widen` needs the narrow model: --init_from is missing.")
    return Source(name, loading.load(name), widens) if name else None


def warm_start(model: keras.Model, other: keras.Model, source: str) -> WarmStart:
    """Copies every weight that another model has under the same path, with the same shape.

    Args:
        model: takes the weights.
        other: gives them.
        source: what the other is called, for the report.

    Returns:
        What was loaded and what was not.
    """
    theirs = {_path(weight): weight for weight in other.weights}
    ours = {_path(weight): weight for weight in model.weights}
    shared = [path for path in ours if path in theirs]
    same = [path for path in shared if tuple(ours[path].shape) == tuple(theirs[path].shape)]
    for path in same:
        ours[path].assign(keras.ops.convert_to_numpy(theirs[path]))
    return WarmStart(
        source=source,
        loaded=same,
        other_shape=[
            f"{path}: {tuple(ours[path].shape)}, there {tuple(theirs[path].shape)}"
            for path in shared
            if path not in same
        ],
        missing=[path for path in ours if path not in theirs],
        unused=[path for path in theirs if path not in ours],
    )


def _path(weight: keras.Variable) -> str:
    return str(weight.path)
