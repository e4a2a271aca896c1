"""Warm start: initial weights from another model."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras

from tfse.errors import ConfigError
from tfse.layers.graph import all_layers
from tfse.models import EnhancementModel, loading
from tfse.models.widening import widen


@dataclasses.dataclass(frozen=True)
class WarmStart:
    """Report of a warm start, by paths of weights.

    Attributes:
        source: name or path of the other model.
        loaded: weights that both have, with the same shape.
        other_shape: weights that both have, with both shapes where they differ.
        missing: weights that the other lacks; they keep their fresh values.
        unused: weights that only the other has.
        settings: settings that differ in layers that both have, so that the same weights
            compute something else; and layers without weights that one of them lacks.
    """

    source: str
    loaded: list[str]
    other_shape: list[str]
    missing: list[str]
    unused: list[str]
    settings: list[str] = dataclasses.field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Returns the lists by name."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        """Returns a few lines: the number of loaded weights, and the names of the others."""
        total = len(self.loaded) + len(self.other_shape) + len(self.missing)
        lines = [f"{len(self.loaded)} of {total} weights are loaded from {self.source}."]
        for what, names in (
            ("different shape", self.other_shape),
            ("missing in the source", self.missing),
            ("only in the source", self.unused),
            ("different setting", self.settings),
        ):
            lines += [f"  {what}: {name}" for name in names]
        return "\n".join(lines)


@dataclasses.dataclass(frozen=True)
class Source:
    """Source of initial weights.

    Attributes:
        name: a `.keras` file, or the name of a shipped model.
        model: the model.
        widens: its units are repeated until they fill the model that is trained.
    """

    name: str
    model: EnhancementModel
    widens: bool = False

    def copy_to(self, model: EnhancementModel) -> WarmStart:
        """Copies its weights to a model.

        Raises:
            ModelError: the source cannot be widened to this model.
        """
        report = self.copy_weights(model)
        return dataclasses.replace(report, settings=other_settings(model, self.model))

    def copy_weights(self, model: EnhancementModel) -> WarmStart:
        """Copies its weights as `copy_to` does; the report is without `settings`."""
        if not self.widens:
            return warm_start(model, self.model, self.name)
        widen(model, self.model)
        return WarmStart(f"{self.name}, widened", [_path(w) for w in model.weights], [], [], [])


def load_source(name: str, widens: bool = False) -> Source | None:
    """Returns the source of initial weights, None for an empty name.

    Args:
        name: a `.keras` file, or the name of a shipped model.
        widens: see `Source`.

    Raises:
        ConfigError: `widens` without a name.
        ModelError: no such model.
    """
    if widens and not name:
        raise ConfigError("`--widen` needs the narrow model: --init_from is missing.")
    return Source(name, loading.load(name), widens) if name else None


def warm_start(model: keras.Model, other: keras.Model, source: str) -> WarmStart:
    """Copies every weight that another model has under the same path, with the same shape.

    Args:
        model: receives the weights.
        other: provides them.
        source: name of the other, for the report.

    Returns:
        The report, without `settings`.
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


def other_settings(model: keras.Model, other: keras.Model) -> list[str]:
    """Returns the settings that make two models with the same weights compute different outputs.

    Args:
        model: one model.
        other: the other.

    Returns:
        One line per setting, `LAYER NAME: VALUE, there VALUE`, reported of the outermost
        layer only; and one line per layer without weights that only one of them has.
        Settings that the shapes of weights imply, and those of training, are left out.
    """
    ours, theirs = _layers(model), _layers(other)
    lines: dict[tuple[str, str], str] = {}
    for path, layer in sorted(ours.items()):
        if path not in theirs:
            continue
        there = _settings(theirs[path])
        for name, value in _settings(layer).items():
            outer = (path.rsplit("/", count)[0] for count in range(1, path.count("/") + 1))
            if value != there.get(name) and not any((parent, name) in lines for parent in outer):
                lines[path, name] = f"{path} {name}: {value}, there {there.get(name)}"
    here_alone = [f"{path}: not there" for path in _without_weights(ours) - set(theirs)]
    there_alone = [f"{path}: only there" for path in _without_weights(theirs) - set(ours)]
    return [*lines.values(), *sorted(here_alone), *sorted(there_alone)]


# Settings that the shapes of weights imply, and those that only training uses.
_IGNORED = {
    *("name", "trainable", "dtype", "autocast", "batch_shape", "units", "filters", "use_bias"),
    *("frequency_units", "time_units", "kernel_size", "momentum", "synchronized", "unroll"),
    *("seed", "dropout", "recurrent_dropout", "quantization_config"),
}
_IGNORED_ENDINGS = ("_initializer", "_regularizer", "_constraint")


def _settings(layer: keras.layers.Layer) -> dict[str, Any]:
    settings = layer.get_config().items()
    compared = {k: v for k, v in settings if k not in _IGNORED and not k.endswith(_IGNORED_ENDINGS)}
    return {"class": type(layer).__name__, **compared}


def _layers(model: keras.Model) -> dict[str, keras.layers.Layer]:
    # A layer that is built on its first call, and has no weights, has no path.
    return {
        layer.path or layer.name: layer
        for layer in all_layers(model)
        if not isinstance(layer, (keras.Model, keras.layers.InputLayer))
    }


def _without_weights(layers: dict[str, keras.layers.Layer]) -> set[str]:
    return {path for path, layer in layers.items() if not layer.weights}


def _path(weight: keras.Variable) -> str:
    return str(weight.path)
