"""Runs programs as a user does: in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.waiting import HANGS_S


def run_module(module: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs `python -m module` to its end."""
    return run_python("-m", module, *arguments)


def run_python(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs Python to its end."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=HANGS_S,
        env={name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"},
    )
