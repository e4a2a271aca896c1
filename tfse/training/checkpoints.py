"""Checkpoints: the state from which a run resumes, in files written atomically."""

from __future__ import annotations

import json
import pathlib
import re
import sys
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from tfse.errors import TrainingError
from tfse.files import atomic

KEPT = 2
_PROGRESS = "progress"
_NAME = re.compile(r"step-(\d{10})\.npz")
# Raised by NumPy and zipfile for a truncated, changed or foreign file.
_BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)

Arrays = dict[str, npt.NDArray[Any]]


class Checkpoints:
    """The last two states of a run, each in one file, `step-0000001000.npz`.

    A file is written under another name, flushed to the disk, and renamed: a
    process that is killed leaves at most a part that is never read. Every
    array in it has a checksum.

    Args:
        folder: folder of the files; made when the first is written.
        variables: all variables by unique name.
    """

    def __init__(self, folder: pathlib.Path, variables: Mapping[str, keras.Variable]) -> None:
        self._folder = folder
        self._variables = dict(variables)

    @property
    def exist(self) -> bool:
        """Whether there are any, whole or broken."""
        return bool(self._paths())

    @property
    def step(self) -> int:
        """Step of the newest checkpoint, whole or broken; 0 without any."""
        paths = self._paths()
        name = _NAME.fullmatch(paths[0].name) if paths else None
        return int(name.group(1)) if name else 0

    def save(self, step: int, progress: Mapping[str, Any]) -> None:
        """Saves all variables and the progress.

        Args:
            step: steps done.
            progress: counters that JSON can hold.

        Raises:
            TrainingError: the file cannot be written; earlier ones stay.
        """
        path = self._folder / f"step-{step:010d}.npz"
        arrays = {name: np.asarray(variable) for name, variable in self._variables.items()}
        arrays[_PROGRESS] = np.frombuffer(json.dumps(progress).encode(), np.uint8)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with atomic(path) as file:
                np.savez(file, **arrays)
        except OSError as error:
            raise TrainingError(self._write_error(path, error)) from error
        for old in self._paths()[KEPT:]:
            old.unlink()

    def restore(self) -> dict[str, Any] | None:
        """Restores the newest whole checkpoint and returns its progress; None without one.

        A broken one is skipped, and reported on stderr.

        Raises:
            TrainingError: there are checkpoints, but none is whole or of this model.
        """
        paths = self._paths()
        for path in paths:
            try:
                arrays = _read(path)
            except _BROKEN as error:
                reason = " ".join(str(error).split()) or type(error).__name__
                print(f"checkpoint {path} is broken and skipped: {reason}", file=sys.stderr)
                continue
            return self._assign(path, arrays)
        if paths:
            raise TrainingError(
                f"none of {len(paths)} checkpoints in {self._folder} is intact; remove the "
                "folder to start over."
            )
        return None

    def _assign(self, path: pathlib.Path, arrays: Arrays) -> dict[str, Any]:
        progress = json.loads(arrays.pop(_PROGRESS).tobytes())
        shapes = {name: array.shape for name, array in arrays.items()}
        if shapes != {name: tuple(v.shape) for name, v in self._variables.items()}:
            raise TrainingError(
                f"{path} does not hold the variables of this run; it was written by another "
                "version of tfse."
            )
        for name, variable in self._variables.items():
            variable.assign(arrays[name])
        return dict(progress)

    def _paths(self) -> list[pathlib.Path]:
        """Returns the checkpoints, newest first."""
        if not self._folder.is_dir():
            return []
        found = (path for path in self._folder.iterdir() if _NAME.fullmatch(path.name))
        return sorted(found, reverse=True)

    def _write_error(self, path: pathlib.Path, error: OSError) -> str:
        kept = self._paths()
        last = f"the last good one is {kept[0]}" if kept else "there is none before it"
        return f"the checkpoint {path} cannot be written: {error.strerror or error}; {last}."


def by_name(**groups: Sequence[keras.Variable]) -> dict[str, keras.Variable]:
    """Returns variables by group and place in it: two paths may be the same."""
    return {
        f"{group}/{index:04d}/{variable.name}": variable
        for group, variables in groups.items()
        for index, variable in enumerate(variables)
    }


def _read(path: pathlib.Path) -> Arrays:
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    if _PROGRESS not in arrays:
        raise ValueError(f"it has no {_PROGRESS!r}")
    return arrays
