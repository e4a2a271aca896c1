"""Metadata file: known facts of recordings in folders, as CSV."""

from __future__ import annotations

import csv
import math
import os
import pathlib

from tfse.errors import ConfigError
from tfse.evaluation.sources.recordings import Facts
from tfse.files import sha256_of

#: Columns of speakers, noise recordings and rooms, which recordings may share; see `Facts`.
GROUPS = ("speaker", "noise_group", "room")
COLUMNS = ("file", "snr_db", "noise", "reverberant", *GROUPS)
_TRUTH = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


class Metadata:
    """Facts by file, with a record of those that were used.

    Args:
        facts: facts by relative path with or without the ending.
        sha256: checksum of the metadata file.
    """

    def __init__(self, facts: dict[str, Facts] | None = None, sha256: str | None = None) -> None:
        self._facts = facts or {}
        self.sha256 = sha256
        self._unused = set(self._facts)

    def facts(self, file: str) -> Facts | None:
        """Returns the facts of a file, None if there are none."""
        self._unused.discard(file)
        return self._facts.get(file)

    def require_used(self) -> None:
        """Checks that every line belongs to a file, as a misspelt name would go unnoticed.

        Raises:
            ConfigError: a line has no file.
        """
        if self._unused:
            raise ConfigError(
                f"Every file of `metadata` must be a recording; {sorted(self._unused)[0]!r} is "
                f"not ({len(self._unused)} such lines)."
            )


def read_metadata(path: str | os.PathLike[str]) -> Metadata:
    """Reads a CSV file with the columns file, snr_db, noise, reverberant and `GROUPS`.

    `file` is the path below the folder of references, with or without the ending; the
    other columns may be missing or empty. `reverberant` is yes or no.

    Raises:
        ConfigError: the file cannot be read, a column is unknown, or a value is invalid.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            _require_columns(reader.fieldnames, path)
            facts = {row["file"]: _facts(row, f"{path}:{reader.line_num}") for row in reader}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"`metadata` must be a CSV file; received {path}: {error}.") from error
    return Metadata(facts, sha256_of(pathlib.Path(path)))


def _require_columns(names: object, path: str | os.PathLike[str]) -> None:
    found = list(names) if isinstance(names, (list, tuple)) else []
    if "file" not in found or not set(found) <= set(COLUMNS):
        raise ConfigError(
            f"`metadata` must have the columns {','.join(COLUMNS)}, of which file is needed; "
            f"{path} has {','.join(map(str, found)) or 'none'}."
        )


def _facts(row: dict[str, str | None], where: str) -> Facts:
    return Facts(
        _number(row.get("snr_db") or "", where),
        row.get("noise") or None,
        _truth(row.get("reverberant") or "", where),
        *(row.get(name) or None for name in GROUPS),
    )


def _number(text: str, where: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigError(f"snr_db must be a number of dB; {where} has {text!r}.")
    return value


def _truth(text: str, where: str) -> bool | None:
    if not text.strip():
        return None
    if text.strip().lower() not in _TRUTH:
        raise ConfigError(f"reverberant must be yes or no; {where} has {text!r}.")
    return _TRUTH[text.strip().lower()]
