"""Files of a folder of published weights."""

from __future__ import annotations

import os
import pathlib
import stat
from collections.abc import Callable, Iterator

from tfse.errors import ModelError
from tfse.importing.readers.limits import MAX_DEPTH, MAX_FILES, MAX_TEXT_BYTES, Budget


def files_of(folder: pathlib.Path) -> list[pathlib.Path]:
    """Returns the regular files in a folder, at any depth, each once.

    Hidden files and folders are left out, and links to folders are not followed.

    Args:
        folder: the folder.

    Raises:
        ModelError: there are too many, or folders are too deep.
        OSError: a folder cannot be listed.
    """
    found: dict[tuple[int, int], pathlib.Path] = {}
    for count, file in enumerate(_walk(folder, MAX_DEPTH)):
        if count >= MAX_FILES:
            raise ModelError(f"{folder}: it holds more than {MAX_FILES} files.")
        status = _status(file)
        if status and stat.S_ISREG(status.st_mode):
            found.setdefault((status.st_dev, status.st_ino), file)
    return list(found.values())


def _walk(folder: pathlib.Path, depth: int) -> Iterator[pathlib.Path]:
    if not depth:
        raise ModelError(f"{folder}: its folders are deeper than any of weights.")
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    # A file before the links to it.
    for entry in sorted(entries, key=pathlib.Path.is_symlink):
        if not entry.is_dir():
            yield entry
        elif not entry.is_symlink():
            yield from _walk(entry, depth - 1)


def _status(file: pathlib.Path) -> os.stat_result | None:
    """Returns what a path leads to, None for a link to nothing."""
    try:
        return file.stat()
    except OSError:
        return None


def content_of(file: pathlib.Path, budget: Budget, is_readable: Callable[[bytes], bool]) -> bytes:
    """Returns the content of a regular file, empty if its start is not worth reading on.

    Args:
        file: path of the file.
        budget: for its bytes.
        is_readable: whether to read on, from the first bytes.

    Raises:
        ModelError: it is a pipe, a device or the like, or too large.
        OSError: it cannot be opened.
    """
    # Opening a pipe waits for a writer.
    if not stat.S_ISREG(file.stat().st_mode):
        raise ModelError(
            "it must be a regular file or a folder; it is a device, a pipe or the like."
        )
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_TEXT_BYTES)
            if not is_readable(content):
                return b""
            # The size that the system states is not that of every file; one byte more than
            # allowed shows that there is more.
            content += opened.read(max(0, budget.left - len(content)) + 1)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error
    budget.spend(len(content))
    return content
