"""What native libraries write past Python."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import TextIO

_STANDARD_ERROR = 2


@contextlib.contextmanager
def hidden() -> Iterator[None]:
    """Hides what C and C++ code writes to standard error meanwhile; Python's words stay.

    XLA greets its first compilation with four lines, and the MP3 decoder tells
    its own story of a damaged file. No setting takes either away, and both
    would stand between the lines that a program promises.
    """
    sys.stderr.flush()
    kept, python = os.dup(_STANDARD_ERROR), sys.stderr
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), _STANDARD_ERROR)
    if _is_standard(python):
        sys.stderr = os.fdopen(
            kept, "w", buffering=1, closefd=False, encoding=python.encoding, errors=python.errors
        )
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stderr = python
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)


def _is_standard(stream: TextIO) -> bool:
    try:
        return stream.fileno() == _STANDARD_ERROR
    except io.UnsupportedOperation:
        # Somebody has put another one in its place, and will read that.
        return False
