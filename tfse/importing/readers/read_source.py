"""Reader of published weights: a file, a folder or an archive, recognized by contents."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

from tfse.errors import ModelError
from tfse.importing.readers import archive, hdf5_file, onnx_file, torch_file
from tfse.importing.readers.folder import content_of, files_of
from tfse.importing.readers.limits import (
    MAX_ARRAYS,
    MAX_NAME,
    MAX_TEXT_BYTES,
    Budget,
    TooLargeError,
)
from tfse.importing.refusals import refusing, short
from tfse.importing.source import Part, Source
from tfse.terminal import os_error_line

# Archives in a folder are opened, and so are archives in a gzip.
_MAX_NESTING = 3
# Shown of a text that is no weights.
_START = 60


def read_source(path: pathlib.Path) -> Source:
    """Returns the files of published weights.

    PyTorch, ONNX and HDF5 files and short texts are read, whatever their names are; archives are
    opened in memory. In folders and archives other files are ignored; damaged files of a folder
    are left out and noted in `Source.refused`.

    Args:
        path: of a file, or of a folder, whose files are read at any depth.

    Raises:
        ModelError: a file is damaged, too large or wants to run code, or nothing can be read.
        OSError: a file cannot be opened.
    """
    budget = Budget()
    source = _of_folder(path, budget) if path.is_dir() else Source(_of_file(path, path, budget))
    if any(part.kind != "text" for part in source.parts):
        return source
    if source.refused:
        raise ModelError(f"{path}: {source.refused[0]}")
    raise ModelError(
        f"{path}: must be, or hold, a PyTorch, ONNX or HDF5 (Keras 2) file; received "
        f"{_received(path, source.parts)}."
    )


def _of_folder(folder: pathlib.Path, budget: Budget) -> Source:
    parts: list[Part] = []
    refused: list[str] = []
    for file in files_of(folder):
        try:
            parts += _of_file(file, folder, budget)
        except TooLargeError:
            raise
        except ModelError as error:
            refused.append(str(error))
        except OSError as error:
            refused.append(short(os_error_line(error)))
    return Source(tuple(parts), tuple(refused))


def _received(path: pathlib.Path, parts: tuple[Part, ...]) -> str:
    if path.is_dir():
        return "a folder without one"
    if parts:
        # A web page or a pointer of Git LFS in place of the file.
        return f"a text that starts with {parts[0].text[:_START]!r}"
    return "something else" if path.stat().st_size else "an empty file"


def _of_file(file: pathlib.Path, root: pathlib.Path, budget: Budget) -> tuple[Part, ...]:
    name = file.relative_to(root).as_posix() if file != root else file.name
    try:
        content = content_of(file, budget, _is_readable)
        with refusing("it is damaged."):
            return tuple(map(_checked, _parts(name, content, budget, _MAX_NESTING)))
    except ModelError as error:
        raise type(error)(short(f"{file}: {error}")) from error


def _checked(part: Part) -> Part:
    """Refuses more and longer names of arrays than weights have; those only take time."""
    if len(part.arrays) > MAX_ARRAYS or any(len(name) > MAX_NAME for name in part.arrays):
        raise ModelError("it holds more arrays, or longer names, than any weights.")
    for name, array in part.arrays.items():
        # Without numbers an array can state any size.
        if not array.size and max(array.shape, default=0) > MAX_NAME:
            raise ModelError(f"its array {name!r} has the shape {array.shape}.")
    return part


def _is_readable(start: bytes) -> bool:
    """Returns whether a file is worth reading wholly, by its first bytes."""
    magics = (archive.ZIP_MAGIC, archive.GZIP_MAGIC, hdf5_file.MAGIC, torch_file.LEGACY_MAGIC)
    return (
        start.startswith(magics)
        or archive.is_tar(start)
        or onnx_file.is_onnx(start)
        or _text(start) is not None
    )


def _parts(name: str, content: bytes, budget: Budget, nesting: int) -> Iterator[Part]:
    """Yields what a content holds: one part, or those of its members, or nothing."""
    if content.startswith(archive.ZIP_MAGIC):
        yield from _of_zip(name, content, budget, nesting)
    elif content.startswith(archive.GZIP_MAGIC) and nesting:
        yield from _parts(name, archive.gunzipped(content, budget), budget, nesting - 1)
    elif archive.is_tar(content) and nesting:
        for inner, member in archive.tar_members(content, budget):
            yield from _member(name, inner, member, budget, nesting)
    elif content.startswith(hdf5_file.MAGIC):
        yield Part(name, "hdf5", content, hdf5_file.read(content, budget))
    elif content.startswith(torch_file.LEGACY_MAGIC):
        yield Part(name, "torch", content, torch_file.read_legacy(content))
    elif onnx_file.is_onnx(content):
        arrays, nodes = onnx_file.read(content)
        yield Part(name, "onnx", content, arrays, nodes)
    elif (text := _text(content)) is not None:
        yield Part(name, "text", content, text=text)


def _of_zip(name: str, content: bytes, budget: Budget, nesting: int) -> Iterator[Part]:
    members = archive.ZipMembers(content, budget)
    if torch_file.is_torch_zip(members):
        yield Part(name, "torch", content, torch_file.read_zip(members))
    elif nesting:
        for inner in members.names:
            yield from _member(name, inner, members.read(inner), budget, nesting)


def _member(outer: str, name: str, content: bytes, budget: Budget, nesting: int) -> Iterator[Part]:
    try:
        yield from _parts(name, content, budget, nesting - 1)
    except ModelError as error:
        raise ModelError(f"in {outer}: {name}: {error}") from error


def _text(content: bytes) -> str | None:
    """Returns a content as text, None if it is none or long."""
    if not content or len(content) >= MAX_TEXT_BYTES or b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
