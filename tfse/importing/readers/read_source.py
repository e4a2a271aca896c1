"""Reader of published weights: a file, a folder or an archive, recognized by contents."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

from tfse.errors import ModelError
from tfse.importing.readers import archive, hdf5_file, onnx_file, torch_file
from tfse.importing.readers.limits import MAX_FILES, MAX_TEXT_BYTES, Budget
from tfse.importing.source import Part, Source

# Archives in a folder are opened, and so are archives in a gzip.
_MAX_NESTING = 3
# Shown of a text that is no weights.
_START = 60


def read_source(path: pathlib.Path) -> Source:
    """Returns the files of published weights.

    PyTorch, ONNX and HDF5 files and short texts are read, whatever their names are; archives are
    opened in memory. In folders and archives other files are ignored.

    Args:
        path: of a file, or of a folder, whose files and those of its folders are read.

    Raises:
        ModelError: a file is damaged, too large or wants to run code, or nothing can be read.
        OSError: a file cannot be opened.
    """
    budget = Budget()
    if path.is_dir():
        parts = [part for file in _files(path) for part in _of_file(file, path, budget)]
    else:
        parts = list(_of_file(path, path.parent, budget))
    if any(part.kind != "text" for part in parts):
        return Source(tuple(parts))
    raise ModelError(
        f"{path}: must be, or hold, a PyTorch, ONNX or HDF5 (Keras 2) file; received "
        f"{_received(path, parts)}."
    )


def _received(path: pathlib.Path, parts: list[Part]) -> str:
    if path.is_dir():
        return "a folder without one"
    if parts:
        # A web page or a pointer of Git LFS in place of the file.
        return f"a text that starts with {parts[0].text[:_START]!r}"
    return "something else" if path.stat().st_size else "an empty file"


def _files(folder: pathlib.Path) -> list[pathlib.Path]:
    """Returns the files of a folder and of its folders, without hidden ones."""
    entries = [entry for entry in sorted(folder.iterdir()) if not entry.name.startswith(".")]
    files = [entry for entry in entries if entry.is_file()]
    for inner in (entry for entry in entries if entry.is_dir()):
        files += [f for f in sorted(inner.iterdir()) if f.is_file() and f.name[0] != "."]
    if len(files) > MAX_FILES:
        raise ModelError(f"{folder}: it holds more than {MAX_FILES} files.")
    return files


def _of_file(file: pathlib.Path, folder: pathlib.Path, budget: Budget) -> Iterator[Part]:
    try:
        with file.open("rb") as opened:
            start = opened.read(MAX_TEXT_BYTES)
            if not _is_readable(start):
                return
            budget.spend(file.stat().st_size)
            content = start + opened.read()
        yield from _parts(file.relative_to(folder).as_posix(), content, budget, _MAX_NESTING)
    except ModelError as error:
        raise ModelError(f"{file}: {error}") from error


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
