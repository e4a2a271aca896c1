"""CSV encoding that is safe for any file name.

Undecodable bytes of a name survive a round trip. A name that starts like a formula, such as
`=HYPERLINK(...)`, would be run by a spreadsheet: it is written with an apostrophe before it,
which makes it text, and `decode` removes the apostrophe.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?")
_ESCAPE = "'"
# Python holds bytes of names that are not UTF-8 as surrogates.
_ERRORS = "surrogateescape"


def encode(rows: Iterable[Sequence[object]]) -> bytes:
    """Returns a CSV file; None is an empty cell, and numbers stay numbers."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([map(_escaped, row) for row in rows])
    return text.getvalue().encode(errors=_ERRORS)


def decode(data: bytes) -> list[list[str]]:
    """Returns the rows of a CSV file.

    Raises:
        csv.Error: the data is not CSV.
    """
    reader = csv.reader(io.StringIO(data.decode(errors=_ERRORS), newline=""))
    return [[_unescaped(cell) for cell in row] for row in reader]


def _escaped(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell):
        return _ESCAPE + cell
    return cell


def _unescaped(cell: str) -> str:
    escaped = cell.startswith(_ESCAPE) and cell[1:].startswith(_FORMULA)
    return cell[1:] if escaped else cell
