"""History of a run: one row per validation, however often the run was stopped."""

from __future__ import annotations

import csv
import io
import pathlib
from collections.abc import Mapping

from tfse.files import write_text

Row = dict[str, str]


class History:
    """The file `history.csv`: one row per validation, in full precision.

    A row is written before the checkpoint that counts it, so a run that resumes
    from an earlier step drops the rows of later ones.

    Args:
        path: path of the file.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self._path = path
        self._rows: list[Row] = []

    def truncate_after(self, step: int) -> None:
        """Reads the file and drops the rows after a step, in the file too."""
        if not self._path.exists():
            return
        with self._path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self._rows = [row for row in rows if int(row["step"]) <= step]
        if len(self._rows) < len(rows):
            self._write()

    def add(self, metrics: Mapping[str, float | int]) -> None:
        """Adds the row of a validation."""
        self._rows.append({name: repr(value) for name, value in metrics.items()})
        self._write()

    def _write(self) -> None:
        text = io.StringIO(newline="")
        if self._rows:
            writer = csv.DictWriter(text, list(self._rows[-1]), restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(self._rows)
        write_text(self._path, text.getvalue())
