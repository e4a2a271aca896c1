"""Runners of programs in a new process."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests.waiting import HANGS_S

# Lines that `tfse.terminal.ProgressLines` prints for jobs longer than 10 s.
_PROGRESS = re.compile(r"\d+( of \d+)? (s|row|file|room)(, \d+ min left)?")


def messages(text: str) -> list[str]:
    """Returns the lines that a program printed, without progress lines."""
    return [line for line in text.splitlines() if not _PROGRESS.fullmatch(line)]


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
