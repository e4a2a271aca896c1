"""Bounded reader: a file of which only so many bytes can be read."""

from __future__ import annotations

import io
from typing import BinaryIO


class TooLargeError(ValueError):
    """Error: more was read from a file than the limit."""


class BoundedReader:
    """Seekable binary file that raises an error once more than a limit is read.

    Keeps the memory bounded when another library reads tags, whose size is what the file says.

    Args:
        file: open for reading.
        limit: in bytes, of all reads together.
    """

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._left = limit

    def read(self, size: int = -1) -> bytes:
        """Returns the next bytes.

        Raises:
            TooLargeError: the limit is exceeded.
        """
        data = self._file.read(self._left + 1 if size < 0 else min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise TooLargeError("its tags are too large")
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves the position."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Returns the position."""
        return self._file.tell()
