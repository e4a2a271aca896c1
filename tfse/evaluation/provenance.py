"""Where figures come from: versions, and what ran where."""

from __future__ import annotations

import datetime
import platform
import shlex
from collections.abc import Sequence
from importlib import metadata
from typing import Any

import tfse
from tfse.evaluation.report import bootstrap
from tfse.evaluation.run.worker import Ready

# What a number depends on; another version may give another one.
_PACKAGES = ("numpy", "scipy", "pesq", "pystoi", "soundfile", "soxr", "keras", "tensorflow")
_OPTIONAL = ("ai-edge-litert", "onnxruntime")


def versions() -> dict[str, str | None]:
    """Returns the versions of everything that computes, None for what is not installed."""
    found = {name: _version(name) for name in (*_PACKAGES, *_OPTIONAL)}
    return {"python": platform.python_version(), "tfse": tfse.__version__, **found}


def seeds(bootstrap_seed: int) -> dict[str, int]:
    """Returns the seeds of what is random."""
    return {"bootstrap": bootstrap_seed, "resamples": bootstrap.RESAMPLES}


def run_of(
    command: Sequence[str], jobs: int, seconds: float, measured: int, loads: Sequence[Ready]
) -> dict[str, Any]:
    """Returns what differs from run to run: the command, times, and what was loaded.

    Args:
        command: the program and its arguments.
        jobs: processes at most.
        seconds: that it took.
        measured: rows that were measured, and not taken from an earlier run.
        loads: what each process loaded.
    """
    return {
        "command": shlex.join(command),
        "finished": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "jobs": jobs,
        "seconds": round(seconds, 3),
        "rows_measured": measured,
        "processes": [
            {
                "tensorflow": ready.has_tensorflow,
                "loading_processor_s": round(ready.processor_s, 3),
                "loaded_in_s": {name: round(s, 3) for name, s in ready.loaded.items()},
            }
            for ready in loads
        ],
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
