"""Terminal output: one-line messages and progress of long jobs."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Protocol, TextIO

# The first line is early enough to tell a working job from a hanging one.
_FIRST_S = 10.0
_EVERY_S = 60.0


def one_line(text: str) -> str:
    """Returns a text with every unprintable character escaped.

    File names may hold line ends, terminal escape sequences and undecodable bytes.

    Example:
        >>> one_line("a\\nb")
        'a\\\\nb'
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def os_error_line(error: OSError) -> str:
    """Returns the system's error message and the file name."""
    if not error.strerror:
        return str(error)
    return f"{error.strerror.lower()}{f': {error.filename}' if error.filename else ''}"


class Progress(Protocol):
    """Receiver of a job's progress."""

    def update(self, done: float = 1) -> object:
        """Adds the work done since the last call."""

    def skip(self, done: float = 1) -> object:
        """Adds work that was done before; it does not count towards the speed."""

    def write(self, line: str) -> object:
        """Prints a line without disturbing the progress."""


@contextlib.contextmanager
def progress_bar(total: float | None, unit: str) -> Iterator[Progress]:
    """Shows progress on standard error.

    Args:
        total: amount of work, in units; None if unknown.
        unit: such as "s" or "file".

    Yields:
        The progress to update.

    Example:
        >>> with progress_bar(3, "file") as progress:
        ...     for _ in range(3):
        ...         progress.update()
    """
    if not sys.stderr.isatty():
        yield ProgressLines(total, unit, sys.stderr)
        return
    with _TerminalBar(total, unit) as bar:
        yield bar


class ProgressLines:
    """Progress as printed lines, after 10 s and then once per minute.

    Args:
        total: amount of work, in units; None if unknown.
        unit: of `total`.
        stream: receives the lines.
        clock: returns seconds; replaced in tests.
    """

    def __init__(
        self,
        total: float | None,
        unit: str,
        stream: TextIO,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total = f" of {total:.0f}" if total else ""
        self._left = total
        self._unit = unit
        self._stream = stream
        self._clock = clock
        self._began = clock()
        self._due = self._began + _FIRST_S
        self._done = self._skipped = 0.0

    def update(self, done: float = 1) -> None:
        """Adds the work done since the last call."""
        self._done += done
        now = self._clock()
        if now < self._due:
            return
        self._due = now + _EVERY_S
        self.write(f"{self._done:.0f}{self._total} {self._unit}{self._remaining(now)}")

    def skip(self, done: float = 1) -> None:
        """Adds work that was done before."""
        self._skipped += done
        self._done += done

    def write(self, line: str) -> None:
        """Prints a line."""
        print(one_line(line), file=self._stream, flush=True)

    def _remaining(self, now: float) -> str:
        fresh = self._done - self._skipped
        if not self._left or not fresh:
            return ""
        seconds = max(0.0, self._left - self._done) * (now - self._began) / fresh
        return f", {seconds / 60:.0f} min left"


class _TerminalBar:
    def __init__(self, total: float | None, unit: str) -> None:
        import tqdm

        self._bar = tqdm.tqdm(total=total, unit=unit, unit_scale=unit == "s")

    def __enter__(self) -> _TerminalBar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def update(self, done: float = 1) -> None:
        self._bar.update(done)

    def skip(self, done: float = 1) -> None:
        self._bar.initial += done
        self._bar.update(done)

    def write(self, line: str) -> None:
        # Standard output may carry audio.
        self._bar.write(one_line(line), file=sys.stderr)
