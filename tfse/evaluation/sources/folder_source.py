"""Folder source: recordings in folders, paired by file name."""

from __future__ import annotations

import dataclasses
import os
import pathlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from tfse.audio.file_source import claimed_s
from tfse.audio.folder_walk import Walk
from tfse.audio.layout import format_of
from tfse.errors import ConfigError
from tfse.evaluation.sources.metadata_file import Metadata
from tfse.evaluation.sources.recordings import Facts, Missing, Origin, Recording
from tfse.evaluation.sources.systems import short_labels
from tfse.files import sha256_of_files

Path = str | os.PathLike[str]


class FolderSource:
    """Recordings below folders, paired by relative path with or without the ending.

    A file without its counterpart is a recording too, with a fault when it is measured.

    Args:
        references: folders of clean speech.
        noisy: folders of noisy recordings, one for each of `references`, or none.
        estimates: folder of each system; only with a single folder of `references`.
        metadata: known facts of the files.

    Raises:
        ConfigError: a folder is missing, there are no recordings, or the numbers of
            folders do not match.
    """

    def __init__(
        self,
        references: Sequence[Path],
        noisy: Sequence[Path] = (),
        estimates: Mapping[str, Path] | None = None,
        metadata: Metadata | None = None,
    ) -> None:
        if noisy and len(noisy) != len(references):
            raise ConfigError(
                f"There must be a noisy folder for each clean folder; received {len(references)} "
                f"clean and {len(noisy)} noisy."
            )
        if estimates and len(references) != 1:
            raise ConfigError(f"`reference_dir` must be one folder; received {len(references)}.")
        self.has_noisy = bool(noisy)
        labels = short_labels([str(path) for path in references])
        groups = [
            _Group(
                f"{label}/" if len(labels) > 1 else "",
                _Folder(reference),
                _Folder(noisy[number]) if noisy else None,
                {system: _Folder(path) for system, path in (estimates or {}).items()},
            )
            for number, (label, reference) in enumerate(zip(labels, references, strict=True))
        ]
        self._recordings = _numbered(groups, metadata or Metadata())
        self.identity: dict[str, Any] = {
            "folders": [group.identity() for group in groups],
            "metadata": None if metadata is None else metadata.sha256,
        }

    @property
    def count(self) -> int:
        """Number of recordings."""
        return len(self._recordings)

    def recordings(self, wanted: Collection[int]) -> Iterator[Recording]:
        """Yields the recordings of the wanted indices, in order."""
        return (recording for recording in self._recordings if recording.index in wanted)


class _Folder:
    """Recordings below a folder, by relative path with and without the ending."""

    def __init__(self, path: Path) -> None:
        self.path = pathlib.Path(path)
        if not self.path.is_dir():
            raise ConfigError(f"There is no folder of recordings {path}.")
        walk = Walk(self.path, lambda path: format_of(path) is not None)
        self.files = {p.relative_to(self.path).as_posix(): p for p in sorted(walk)}
        self.passed_over = walk.summary()
        self._stems: dict[str, list[str]] = {}
        for name in self.files:
            self._stems.setdefault(_stem(name), []).append(name)

    def sha256(self) -> str:
        """Returns the hash of the recordings, without other files such as a report."""
        return sha256_of_files(self.files)

    def name_of(self, name: str) -> str | None:
        """Returns the name here of a file in another folder, None if there is none."""
        if name in self.files:
            return name
        same = self._stems.get(_stem(name), [])
        return same[0] if len(same) == 1 else None

    def origin(self, name: str) -> Origin:
        here = self.name_of(name)
        if here is not None:
            return self.files[here]
        several = len(self._stems.get(_stem(name), [])) > 1
        return Missing(f"{'several files' if several else 'no file'} of this name in {self.path}")


@dataclasses.dataclass(frozen=True)
class _Group:
    prefix: str
    reference: _Folder
    noisy: _Folder | None
    estimates: Mapping[str, _Folder]

    def identity(self) -> dict[str, Any]:
        return {
            "reference": self.reference.sha256(),
            "noisy": None if self.noisy is None else self.noisy.sha256(),
            "estimates": {name: folder.sha256() for name, folder in self.estimates.items()},
        }

    def names(self) -> list[str]:
        """Returns the files of the reference, and the files elsewhere without a reference."""
        names = dict.fromkeys(self.reference.files)
        for folder in (*([self.noisy] if self.noisy else []), *self.estimates.values()):
            unmatched = [name for name in folder.files if self.reference.name_of(name) is None]
            known = {_stem(name) for name in names}
            names |= dict.fromkeys(name for name in unmatched if _stem(name) not in known)
        return list(names)


def _numbered(groups: Sequence[_Group], metadata: Metadata) -> list[Recording]:
    if not any(group.reference.files for group in groups):
        folders = ", ".join(str(group.reference.path) for group in groups)
        raise ConfigError(f"There are no recordings in {folders}.")
    named = [(group, name) for group in groups for name in group.names()]
    recordings = [
        _recording(number, group, name, metadata) for number, (group, name) in enumerate(named)
    ]
    metadata.require_used()
    return recordings


def _recording(number: int, group: _Group, name: str, metadata: Metadata) -> Recording:
    file = f"{group.prefix}{name}"
    reference = group.reference.origin(name)
    noisy = None if group.noisy is None else group.noisy.origin(name)
    estimates = {system: folder.origin(name) for system, folder in group.estimates.items()}
    facts = metadata.facts(file) or metadata.facts(_stem(file)) or Facts()
    seconds = max(map(_seconds, (reference, noisy, *estimates.values())))
    return Recording(number, file, reference, noisy, estimates, facts, seconds)


def _stem(name: str) -> str:
    return str(pathlib.PurePosixPath(name).with_suffix(""))


def _seconds(origin: Origin | None) -> float:
    """Returns the length in the header; a wrong header is detected when the file is read."""
    return claimed_s(origin) if isinstance(origin, pathlib.Path) else 0.0
