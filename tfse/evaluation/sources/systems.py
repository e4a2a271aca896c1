"""Systems to compare: models in any variant, or folders of estimates."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence

from tfse import pretrained
from tfse.errors import ConfigError
from tfse.files import sha256_of
from tfse.streaming.steps.base import Step
from tfse.streaming.steps.trust import require_trust

NOISY = "noisy"


@dataclasses.dataclass(frozen=True)
class System:
    """One column of the report.

    Attributes:
        label: name in tables.
        path: path of a model; None for noisy recordings and folders.
        sha256: checksum of the files of the model.
        trusted: whether a SavedModel may be loaded.
    """

    label: str
    path: pathlib.Path | None = None
    sha256: str | None = None
    trusted: bool = dataclasses.field(default=False, kw_only=True)

    def open(self) -> Step:
        """Loads the model; a TFLite file without TensorFlow.

        Raises:
            ModelError: the model cannot be loaded.
        """
        assert self.path is not None
        if self.path.suffix == ".tflite":
            from tfse.streaming.steps.tflite import TFLiteStep

            return TFLiteStep(self.path)
        from tfse.streaming.steps.open_step import open_step

        return open_step(self.path, trust_saved_model=self.trusted)


def models(names: Sequence[str], trust_saved_model: bool = False) -> list[System]:
    """Returns systems for names of shipped models and paths of models in any variant.

    Raises:
        ConfigError: a model does not exist or is named twice.
        ModelError: a model is a SavedModel, which is code, and these are not trusted.
    """
    paths = [_path(name) for name in names]
    for path in paths:
        if path.is_dir():
            require_trust(path, trust_saved_model)
    if len(set(paths)) < len(paths):
        raise ConfigError(f"`model` must name every model once; received {','.join(names)}.")
    labels = short_labels(names)
    return [
        System(label, path, sha256_of(path), trusted=trust_saved_model)
        for label, path in zip(labels, paths, strict=True)
    ]


def short_labels(names: Sequence[str]) -> list[str]:
    """Returns the shortest distinct ends of paths other than "noisy".

    Example:
        >>> short_labels(["lstm_irm", "runs/a/best.keras", "runs/b/best.keras"])
        ['lstm_irm', 'a/best.keras', 'b/best.keras']
    """
    parts = [pathlib.PurePath(name).parts for name in names]
    labels = []
    for mine in parts:
        size = 1
        while size < len(mine) and (
            mine[-size:] == (NOISY,) or sum(p[-size:] == mine[-size:] for p in parts) > 1
        ):
            size += 1
        labels.append("/".join(mine[-size:]))
    return labels


def _path(name: str) -> pathlib.Path:
    if shipped := pretrained.file_of(name):
        return shipped
    path = pathlib.Path(name)
    if not path.exists():
        raise ConfigError(
            "`model` must be the name of a shipped model, a .keras file, a .tflite file or a "
            f"SavedModel folder; received {name!r}."
        )
    return path
