"""Test of the web page in a browser."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

import tests
from tests.waiting import HANGS_S

WEB = pathlib.Path(tests.__file__).parents[1] / "export" / "device" / "web"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")
pytest.importorskip("ai_edge_quantizer", reason="ai-edge-quantizer is not installed")


def missing() -> str | None:
    """Returns what this machine lacks, if anything."""
    if not (shutil.which("node") and shutil.which("npm")):
        return "node is not installed"
    if not (WEB / "node_modules").is_dir():
        return "`npm ci` was not run in export/device/web"
    if not (os.environ.get("CHROMIUM") or any(map(shutil.which, BROWSERS))):
        return "no Chromium is installed"
    return None


@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_the_page_does_in_a_browser_what_python_does():
    environment = {**os.environ, "PYTHON": sys.executable}
    done = subprocess.run(
        ["npm", "test"],
        cwd=WEB,
        env=environment,
        capture_output=True,
        text=True,
        timeout=HANGS_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
