"""Byte range of a request for part of a file."""

from __future__ import annotations

import re

# Several ranges in one request are optional; the whole file is a valid answer.
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


class UnsatisfiableRange(Exception):
    """Signal: no byte of the file is in the range."""


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Returns the first byte and the end of a requested range, None for the whole file.

    Args:
        header: `Range` of the request; None if it has none.
        size: of the file, in bytes.

    Raises:
        UnsatisfiableRange: the range has no byte of the file.

    Source:
        RFC 9110, section 14.

    Example:
        >>> byte_range("bytes=2-", 10), byte_range("bytes=-3", 10)
        ((2, 10), (7, 10))
    """
    found = _RANGE.fullmatch((header or "").strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= end:
        raise UnsatisfiableRange
    return start, end
