"""Recordings below a folder, and what was passed over on the way."""

from __future__ import annotations

import collections
import dataclasses
import os
import pathlib
from collections.abc import Callable, Iterator

# Kinds of sound and film that libsndfile does not read, and ffmpeg does.
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
    """One walk below a folder; files come in order, folder by folder.

    Links to files and folders are followed, a folder that contains itself once; hidden
    names are passed over without a word. All programs walk alike.

    Args:
        folder: where to begin.
        is_recording: tells by its path whether a file is one; the file may lack.
        enters: tells whether a folder is entered.

    Attributes:
        passed_over: how many were, by reason: the ending of a file, `DANGLING` or `SPECIAL`.
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
            # A link back to a folder above would be walked for ever.
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
            self.passed_over[path.suffix.lower() or "without an ending"] += 1
        return False

    def summary(self) -> str:
        """Returns one line on what was passed over; "" for nothing."""
        return summary(self.passed_over)


def summary(passed_over: collections.Counter[str]) -> str:
    """Returns one line on what `Walk`s passed over; "" for nothing."""
    if not passed_over:
        return ""
    kinds = ", ".join(f"{count} {reason}" for reason, count in sorted(passed_over.items()))
    hint = conversion_hint(CONVERTIBLE.intersection(passed_over))
    return f"passed over: {kinds}{hint}"


def conversion_hint(endings: frozenset[str]) -> str:
    """Returns how files of these endings could be read; "" if there is no ending."""
    return f"; convert {', '.join(sorted(endings))} with ffmpeg -i IN OUT.wav" if endings else ""
