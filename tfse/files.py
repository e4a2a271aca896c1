"""Atomic file writes and SHA-256 of files and folders."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import hashlib
import json
import os
import pathlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

_PART = ".tfse-{}.part"


class TakenError(FileExistsError):
    """Error: another process created the target meanwhile, and it may not be replaced."""


@contextlib.contextmanager
def atomic(target: pathlib.Path, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Opens a temporary file that replaces the target on success.

    The file is written beside the target and renamed at the end; after any error,
    Ctrl-C included, it is removed and an older target is untouched. Temporary files
    of killed processes in the same folder are removed too.

    Args:
        target: path of the final file; parent folders are created. A replaced file
            passes its permissions on, and a link to a file stays a link.
        overwrite: replaces a target that exists at the end.

    Yields:
        A binary file, open for writing and reading.

    Raises:
        TakenError: another process created the target meanwhile, and `overwrite` is off.
        OSError: the target cannot be written, or is a device, a pipe or the like.
    """
    target = target.resolve()
    if is_special(target):
        raise OSError(errno.EINVAL, "not a regular file, so it is not replaced", str(target))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(target.parent)
    part = target.parent / _PART.format(uuid.uuid4().hex)
    try:
        with _open_part(part) as file:
            if target.exists():
                os.fchmod(file.fileno(), target.stat().st_mode & 0o7777)
            yield file
            os.fsync(file.fileno())
            # Before the file is closed, which unlocks it: it would count as stale.
            _move(part, target, overwrite)
    finally:
        part.unlink(missing_ok=True)


def write_whole(target: pathlib.Path, data: bytes) -> None:
    """Writes a file atomically; see `atomic`."""
    with atomic(target) as file:
        write_all(file, data)


def write_together(files: Sequence[tuple[pathlib.Path, bytes]], overwrite: bool = True) -> None:
    """Writes files, each atomically, and after an error none.

    Args:
        files: targets and contents.
        overwrite: replaces targets; without it, an error leaves no file that was not there.

    Raises:
        OSError: see `atomic`.
    """
    if not files:
        return
    (target, data), *others = files
    written = False
    try:
        with atomic(target, overwrite) as file:
            write_all(file, data)
            # A full disk is noticed before the others are moved to their places.
            os.fsync(file.fileno())
            write_together(others, overwrite)
            written = True
    except BaseException:
        if written and not overwrite:
            for path, _ in others:
                path.unlink(missing_ok=True)
        raise


def write_text(target: pathlib.Path, text: str) -> None:
    """Writes a text atomically; undecodable bytes of file names are escaped."""
    write_whole(target, text.encode(errors="backslashreplace"))


def write_json(target: pathlib.Path, value: Any) -> None:
    """Writes indented JSON atomically."""
    write_text(target, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def sync(path: pathlib.Path) -> None:
    """Waits until the bytes of a file are on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sha256_of(path: pathlib.Path) -> str:
    """Returns the hexadecimal SHA-256 of a file, or of a folder's files and their names."""
    if path.is_dir():
        files = (file for file in path.rglob("*") if file.is_file())
        return sha256_of_files({file.relative_to(path).as_posix(): file for file in files})
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def sha256_of_files(files: Mapping[str, pathlib.Path]) -> str:
    """Returns the hexadecimal SHA-256 of files and their names."""
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        digest.update(f"{name} {sha256_of(path)}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _move(part: pathlib.Path, target: pathlib.Path, overwrite: bool) -> None:
    if overwrite:
        part.replace(target)
        return
    try:
        # Unlike a rename, a hard link fails if the target exists.
        target.hardlink_to(part)
    except FileExistsError as error:
        message = "already created by another process, so it is kept"
        raise TakenError(errno.EEXIST, message, str(target)) from error
    except OSError:
        # The file system has no hard links.
        part.replace(target)


@functools.cache
def _remove_stale(folder: pathlib.Path) -> None:
    """Removes unlocked parts, whose writers were killed; once per folder."""
    for part in folder.glob(_PART.format("*")):
        with contextlib.suppress(OSError), part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


def is_special(path: pathlib.Path) -> bool:
    """Returns whether a path exists and is neither file nor folder; links are followed."""
    return path.exists() and not path.is_file() and not path.is_dir()


def write_all(file: BinaryIO, data: bytes) -> None:
    """Writes all bytes to an unbuffered file, where one call may write fewer.

    Raises:
        OSError: the disk is full.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _open_part(part: pathlib.Path) -> BinaryIO:
    """Opens a part and locks it until it is closed or its process ends."""
    while True:
        try:
            # A buffer would report a full disk later, from within C code.
            file = part.open("x+b", buffering=0)
        except OSError as error:
            # The user knows the folder, but not the name of the part.
            raise OSError(error.errno, error.strerror, str(part.parent)) from error
        # Some network file systems have no locks; stale parts stay there.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file
        # Another process removed it as stale before it was locked.
        file.close()
