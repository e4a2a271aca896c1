"""CSV rows that hold names of files, whatever those are.

A name may be bytes that are no text, which come back as they were, and it may begin as a
formula does: `=HYPERLINK(...)` would be run by a spreadsheet. An apostrophe before it makes
it text there, and is taken off again where tfse reads its own files.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?")
_GUARD = "'"
# Bytes of names that are no UTF-8 are surrogates in Python.
_ERRORS = "surrogateescape"


def encode(rows: Iterable[Sequence[object]]) -> bytes:
    """Returns a CSV file; None is an empty cell, and numbers stay numbers."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([map(_guarded, row) for row in rows])
    return text.getvalue().encode(errors=_ERRORS)


def decode(data: bytes) -> list[list[str]]:
    """Returns the rows of a CSV file.

    Raises:
        csv.Error: it is none.
    """
    reader = csv.reader(io.StringIO(data.decode(errors=_ERRORS), newline=""))
    return [[_plain(cell) for cell in row] for row in reader]


def _guarded(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell):
        return _GUARD + cell
    return cell


def _plain(cell: str) -> str:
    guarded = cell.startswith(_GUARD) and cell[1:].startswith(_FORMULA)
    return cell[1:] if guarded else cell
