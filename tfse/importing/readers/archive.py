"""Archives, read in memory: ZIP, TAR and gzip.

Nothing is unpacked to the disk. Names that would leave the folder, links and devices are refused
all the same, since such a file was made to harm.
"""

from __future__ import annotations

import gzip
import io
import pathlib
import stat
import tarfile
import zipfile
from collections.abc import Iterator

from tfse.errors import ModelError
from tfse.importing.readers.limits import MAX_FILES, Budget
from tfse.importing.refusals import refusing

ZIP_MAGIC = b"PK\x03\x04"
GZIP_MAGIC = b"\x1f\x8b"
# Of a TAR, at byte 257.
_TAR_MAGIC = b"ustar"
_TAR_MAGIC_AT = 257

_ENCRYPTED = 1


def is_tar(content: bytes) -> bool:
    """Returns whether a content is that of a TAR."""
    return content[_TAR_MAGIC_AT:].startswith(_TAR_MAGIC)


def gunzipped(content: bytes, budget: Budget) -> bytes:
    """Returns what a gzip file holds.

    Raises:
        ModelError: it is damaged or too large.
    """
    damaged = refusing("its gzip is damaged or cut off.")
    with damaged, gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        # One more than allowed shows that there is more.
        unpacked = file.read(budget.left + 1)
    budget.spend(len(unpacked))
    return unpacked


class ZipMembers:
    """Members of a ZIP.

    Args:
        content: of the ZIP.
        budget: for the unpacked members.

    Attributes:
        names: of the files in it.

    Raises:
        ModelError: it is damaged or encrypted, a member's name is not safe, or it is a link.
    """

    def __init__(self, content: bytes, budget: Budget) -> None:
        with refusing("its ZIP is damaged or cut off."):
            self._zip = zipfile.ZipFile(io.BytesIO(content))
            entries = [entry for entry in self._zip.infolist() if not entry.is_dir()]
        self._budget = budget
        _check_count(len(entries))
        for entry in entries:
            _check_name(entry.filename)
            if entry.flag_bits & _ENCRYPTED or stat.S_ISLNK(entry.external_attr >> 16):
                raise ModelError(f"its member {entry.filename!r} is encrypted or a link.")
        self.names = [entry.filename for entry in entries]

    def read(self, name: str) -> bytes:
        """Returns the content of a member.

        Raises:
            ModelError: there is none of this name, or it is damaged or too large.
        """
        if name not in self.names:
            raise ModelError(f"its member {name!r} is missing.")
        # Never reads more than the size declared here.
        self._budget.spend(self._zip.getinfo(name).file_size)
        with refusing(f"its member {name!r} is damaged."):
            return self._zip.read(name)


def tar_members(content: bytes, budget: Budget) -> Iterator[tuple[str, bytes]]:
    """Yields names and contents of the files in a TAR.

    Raises:
        ModelError: it is damaged or too large, a member's name is not safe, or it is a link
            or a device.
    """
    damaged = refusing("its TAR is damaged or cut off.")
    with damaged, tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
        for number, member in enumerate(tar):
            _check_count(number)
            _check_name(member.name)
            if member.isdir():
                continue
            if not member.isreg() or member.sparse is not None:
                raise ModelError(f"its member {member.name!r} is no regular file.")
            budget.spend(member.size)
            file = tar.extractfile(member)
            yield member.name, file.read() if file else b""


def _check_count(count: int) -> None:
    if count > MAX_FILES:
        raise ModelError(f"it holds more than {MAX_FILES} files.")


def _check_name(name: str) -> None:
    # Windows' separators and drives too.
    path = pathlib.PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or name[1:2] == ":":
        raise ModelError(f"its member {name!r} would be written outside the folder.")
