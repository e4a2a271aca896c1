"""Suppression of native libraries' output to standard error."""

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
    """Hides what C and C++ code writes to standard error; lines of Python stay.

    XLA logs four lines at its first compilation, LiteRT one at its first model, and the MP3
    decoder several for a damaged file; no setting turns these off. With several threads, the
    first to enter redirects the file descriptor and the last to leave restores it.
    """
    _redirection.enter()
    try:
        yield
    finally:
        _redirection.leave()


class _Redirection:
    """Redirection of the process's standard error while at least one thread needs it."""

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
        self._python_stderr = sys.stderr
        if self._python_stderr is not None:  # a program without a console has none
            self._python_stderr.flush()
        try:
            self._saved_descriptor: int | None = os.dup(_STANDARD_ERROR)
        except OSError:  # there is no standard error
            self._saved_descriptor = None
            return
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), _STANDARD_ERROR)
        if _is_standard(self._python_stderr):
            sys.stderr = os.fdopen(
                self._saved_descriptor,
                "w",
                buffering=1,
                closefd=False,
                encoding=self._python_stderr.encoding,
                errors=self._python_stderr.errors,
            )

    def _stop(self) -> None:
        if self._saved_descriptor is None:
            return
        if sys.stderr is not None:
            sys.stderr.flush()
        sys.stderr = self._python_stderr
        os.dup2(self._saved_descriptor, _STANDARD_ERROR)
        os.close(self._saved_descriptor)


_redirection = _Redirection()


def _is_standard(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.fileno() == _STANDARD_ERROR
    except (io.UnsupportedOperation, ValueError):
        # The stream is replaced or closed.
        return False
