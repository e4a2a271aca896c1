"""Folder walk: recordings below a folder, and a count of the other files."""

from __future__ import annotations

import collections
import dataclasses
import os
import pathlib
from collections.abc import Callable, Iterator

# Suffixes of audio and video files that ffmpeg reads and libsndfile does not.
CONVERTIBLE = frozenset(
    (
        *(".3gp", ".aac", ".ac3", ".amr", ".avi", ".dsf", ".m4a", ".m4b", ".mka", ".mkv"),
        *(".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".weba", ".webm", ".wma", ".wmv", ".wv"),
    )
)
DANGLING = "links to nothing"
SPECIAL = "neither files nor folders"


@dataclasses.dataclass
class Walk:
    """Walk below a folder; files are sorted, folder by folder.

    Links to files and folders are followed, a folder that contains itself once; hidden
    names are passed over and not counted. All programs use this walk.

    Args:
        folder: root of the walk.
        is_recording: returns whether a path is a recording.
        enters: returns whether a folder is entered.

    Attributes:
        passed_over: number of other files by reason: their suffix, `DANGLING` or `SPECIAL`.
            Complete after the last file.

    Example:
        >>> walk = Walk(pathlib.Path("takes"), lambda path: path.suffix == ".wav")
        >>> recordings = list(walk)
        >>> walk.summary()
        ''
    """

    folder: pathlib.Path
    is_recording: Callable[[pathlib.Path], bool]
    enters: Callable[[pathlib.Path], bool] = lambda path: True
    passed_over: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)

    def __iter__(self) -> Iterator[pathlib.Path]:
        """Yields the recordings."""
        seen = set()
        for parent, folders, names in os.walk(self.folder, followlinks=True):
            below = pathlib.Path(parent)
            # A link back to a parent folder would never end.
            seen.add(below.resolve())
            folders[:] = sorted(
                name
                for name in folders
                if name[0] != "."
                and (below / name).resolve() not in seen
                and self.enters(below / name)
            )
            yield from filter(self._accepts, (below / name for name in sorted(names)))

    def _accepts(self, path: pathlib.Path) -> bool:
        if path.name.startswith("."):
            return False
        if not path.is_file():
            self.passed_over[SPECIAL if path.exists() else DANGLING] += 1
        elif self.is_recording(path):
            return True
        else:
            self.passed_over[path.suffix.lower() or "without a suffix"] += 1
        return False

    def summary(self) -> str:
        """Returns one line on the files passed over; "" for none."""
        return summary(self.passed_over)


def summary(passed_over: collections.Counter[str]) -> str:
    """Returns one line on the files that walks passed over; "" for none."""
    if not passed_over:
        return ""
    kinds = ", ".join(f"{count} {reason}" for reason, count in sorted(passed_over.items()))
    hint = conversion_hint(CONVERTIBLE.intersection(passed_over))
    return f"passed over: {kinds}{hint}"


def conversion_hint(endings: frozenset[str]) -> str:
    """Returns how to convert files of these suffixes; "" for none."""
    return f"; convert {', '.join(sorted(endings))} with ffmpeg -i IN OUT.wav" if endings else ""
