"""Journal: finished rows on disk, line by line, so that an interrupted evaluation can resume."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import pathlib
from types import TracebackType
from typing import Any, BinaryIO

from tfse.errors import ConfigError
from tfse.evaluation.results import Row

NAME = "journal.jsonl"
FORMAT = "tfse-evaluation-1"


class Journal:
    """Journal of rows in a file of JSON lines; a context manager that closes it.

    The first line identifies the evaluation. A line that was cut by a crash and all lines
    after it are measured again.

    Args:
        folder: folder of the file, created if missing.
        identity: identity of the evaluation, as JSON.
        overwrite: starts over, whatever the file contains.

    Raises:
        ConfigError: another evaluation is in the folder, or is running there.
        OSError: the file cannot be written.
    """

    def __init__(
        self, folder: pathlib.Path, identity: dict[str, Any], overwrite: bool = False
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = (folder / NAME).open("a+b", buffering=0)
        try:
            self._lock(folder)
            self.rows = [] if overwrite else self._read(folder, identity)
            if not self.rows:
                self._file.truncate(0)
                self._append({"format": FORMAT, "identity": identity})
        except BaseException:
            self._file.close()
            raise

    def add(self, row: Row) -> None:
        """Adds a row and syncs it to the disk."""
        self.rows.append(row)
        self._append(dataclasses.asdict(row))

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def _lock(self, folder: pathlib.Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"Another evaluation is running in {folder}; choose another `output_dir`."
            ) from error

    def _append(self, value: dict[str, Any]) -> None:
        # One call, so that only the last row can be incomplete.
        self._file.write(json.dumps(value, allow_nan=False).encode() + b"\n")
        os.fsync(self._file.fileno())

    def _read(self, folder: pathlib.Path, identity: dict[str, Any]) -> list[Row]:
        self._file.seek(0)
        lines = self._file.readall().splitlines(keepends=True)  # type: ignore[attr-defined]
        if not lines or not lines[0].endswith(b"\n"):
            # Nothing, or an incomplete first line: there are no rows to lose.
            return []
        _require_same(folder, _parsed(lines[0]), identity)
        rows, size = [], len(lines[0])
        for line in lines[1:]:
            try:
                # A line without its end was cut, even if it is valid JSON.
                rows.append(Row.from_json(_parsed(line) if line.endswith(b"\n") else {}))
            except (TypeError, KeyError):
                break
            size += len(line)
        self._file.truncate(size)
        return rows


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {}


def _require_same(folder: pathlib.Path, first: dict[str, Any], identity: dict[str, Any]) -> None:
    # Through JSON, which has no tuples.
    before, now = first.get("identity"), json.loads(json.dumps(identity))
    if first.get("format") != FORMAT or not isinstance(before, dict):
        raise ConfigError(
            f"{folder / NAME} is not a journal of {FORMAT}; use --overwrite to replace it."
        )
    differences = list(_differences("", before, now))
    if differences:
        raise ConfigError(
            f"{folder} holds another evaluation: {'; '.join(differences[:3])}. "
            "Choose another `output_dir` or use --overwrite."
        )


def _differences(name: str, before: Any, now: Any) -> Any:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted({*before, *now}):
            yield from _differences(f"{name}.{key}" if name else key, before.get(key), now.get(key))
    elif before != now:
        yield f"{name} was {_short(before)} and is {_short(now)}"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 48 else f"{text[:45]}..."
