"""Atomic writes, and hashes of files."""

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
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

_PART = ".tfse-{}.part"


class TakenError(FileExistsError):
    """Another process made the file meanwhile, and it must not be replaced."""


@contextlib.contextmanager
def atomic(target: pathlib.Path, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Opens a file that takes its name only when all went well.

    It is written beside the target and renamed at the end; after any error,
    Ctrl-C too, nothing is left of it and an older target is untouched. What a
    process that was killed left in the folder is removed.

    Args:
        target: the file that appears; folders above it are made. A file that is
            replaced leaves its permissions to the new one, and a link to a
            file stays a link.
        overwrite: replaces a file that is there at the end.

    Yields:
        A binary file, open for writing and reading.

    Raises:
        TakenError: another process made the target meanwhile, and `overwrite` is off.
        OSError: it cannot be written, or a device, a pipe or the like stands there,
            which a file must not replace.
    """
    target = target.resolve()
    if is_special(target):
        raise OSError(errno.EINVAL, "not a regular file, so it is not replaced", str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(target.parent)
    part = target.parent / _PART.format(uuid.uuid4().hex)
    try:
        with _created(part) as file:
            if target.exists():
                os.fchmod(file.fileno(), target.stat().st_mode & 0o7777)
            yield file
            os.fsync(file.fileno())
        _move(part, target, overwrite)
    finally:
        part.unlink(missing_ok=True)


def write_whole(target: pathlib.Path, data: bytes) -> None:
    """Writes a file whole or not at all, see `atomic`."""
    with atomic(target) as file:
        write_all(file, data)


def write_text(target: pathlib.Path, text: str) -> None:
    """Writes a text whole or not at all; bytes of a file name that are no text are escaped."""
    write_whole(target, text.encode(errors="backslashreplace"))


def write_json(target: pathlib.Path, value: Any) -> None:
    """Writes JSON for a person to read, whole or not at all."""
    write_text(target, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def sync(path: pathlib.Path) -> None:
    """Waits until the bytes of a file are on the disk, not on their way to it."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sha256_of(path: pathlib.Path) -> str:
    """Returns the SHA-256 of a file, or of a folder's files with their names, hexadecimal."""
    if path.is_dir():
        files = (file for file in path.rglob("*") if file.is_file())
        return sha256_of_files({file.relative_to(path).as_posix(): file for file in files})
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def sha256_of_files(files: Mapping[str, pathlib.Path]) -> str:
    """Returns the SHA-256 of files with their names."""
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        digest.update(f"{name} {sha256_of(path)}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _move(part: pathlib.Path, target: pathlib.Path, overwrite: bool) -> None:
    if overwrite:
        part.replace(target)
        return
    try:
        # Fails where the name is taken, which renaming does not.
        target.hardlink_to(part)
    except FileExistsError as error:
        message = "made by another process meanwhile, so it is kept"
        raise TakenError(errno.EEXIST, message, str(target)) from error
    except OSError:
        # A file system without hard links.
        part.replace(target)


@functools.cache
def _remove_stale(folder: pathlib.Path) -> None:
    """Removes parts that no process holds, once for a folder: their writers were killed."""
    for part in folder.glob(_PART.format("*")):
        with contextlib.suppress(OSError), part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


def is_special(path: pathlib.Path) -> bool:
    """Tells whether a path, or what it links to, is there and neither file nor folder."""
    return path.exists() and not path.is_file() and not path.is_dir()


def write_all(file: BinaryIO, data: bytes) -> None:
    """Writes every byte to a file without a buffer, where one call may write fewer.

    Raises:
        OSError: the disk is full.
    """
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _created(part: pathlib.Path) -> BinaryIO:
    """Opens a part and locks it until it is closed, or its process ends."""
    while True:
        try:
            # A buffer would tell of a full disk later, from within calls of C.
            file = part.open("x+b", buffering=0)
        except OSError as error:
            # The user knows the folder, and not the name of the part.
            raise OSError(error.errno, error.strerror, str(part.parent)) from error
        # Some network file systems have no locks; parts are not removed there.
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file
        # Another process took it for stale before it was locked.
        file.close()
