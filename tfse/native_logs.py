"""Suppression of what native libraries write to standard error."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections.abc import Iterator
from typing import TextIO

_STANDARD_ERROR = 2


@contextlib.contextmanager
def hidden() -> Iterator[None]:
    """Hides what C and C++ code writes to standard error meanwhile; Python's lines stay.

    XLA logs four lines at its first compilation, LiteRT one at its first model, and the MP3
    decoder several for a damaged file. No setting turns these off. The first of several
    threads that enter redirects the file descriptor, the last one restores it.
    """
    _redirection.enter()
    try:
        yield
    finally:
        _redirection.leave()


class _Redirection:
    """Redirects standard error of the process while at least one thread asks for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0

    def enter(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._start()

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._stop()

    def _start(self) -> None:
        self._python = sys.stderr
        if self._python is not None:  # as in a program without a console
            self._python.flush()
        try:
            self._kept: int | None = os.dup(_STANDARD_ERROR)
        except OSError:  # there is no standard error
            self._kept = None
            return
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), _STANDARD_ERROR)
        if _is_standard(self._python):
            sys.stderr = os.fdopen(
                self._kept,
                "w",
                buffering=1,
                closefd=False,
                encoding=self._python.encoding,
                errors=self._python.errors,
            )

    def _stop(self) -> None:
        if self._kept is None:
            return
        if sys.stderr is not None:
            sys.stderr.flush()
        sys.stderr = self._python
        os.dup2(self._kept, _STANDARD_ERROR)
        os.close(self._kept)


_redirection = _Redirection()


def _is_standard(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.fileno() == _STANDARD_ERROR
    except (io.UnsupportedOperation, ValueError):
        # Another stream has been put in its place, or it is closed.
        return False
