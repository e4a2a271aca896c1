"""Private folder: temporary, readable by its user only, removed at the end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator

_PREFIX = "tfse-web-"
_LOCK = "lock"


@contextlib.contextmanager
def private_folder() -> Iterator[pathlib.Path]:
    """Creates a temporary folder with the mode 0700 and removes it at the end.

    Folders of killed processes are removed first: nobody holds their lock.
    """
    _remove_stale(pathlib.Path(tempfile.gettempdir()))
    folder = pathlib.Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: pathlib.Path) -> Iterator[None]:
    # The file has its name once it is locked, so that another process sees no unlocked one.
    unnamed = folder / f"{_LOCK}.new"
    with unnamed.open("xb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unnamed.rename(folder / _LOCK)
        yield


def _remove_stale(parent: pathlib.Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        # The lock may be missing, held by a running process, or of another user.
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid == os.getuid() and not folder.is_symlink():
                with (folder / _LOCK).open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
