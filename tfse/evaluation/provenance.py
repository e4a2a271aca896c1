"""Provenance of results: versions, seeds and the run."""

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

# Packages that metrics depend on.
_PACKAGES = ("numpy", "scipy", "pesq", "pystoi", "soundfile", "soxr", "keras", "tensorflow")
_OPTIONAL = ("ai-edge-litert", "onnxruntime")


def versions() -> dict[str, str | None]:
    """Returns the versions of the packages that compute results, None if not installed."""
    found = {name: _version(name) for name in (*_PACKAGES, *_OPTIONAL)}
    return {"python": platform.python_version(), "tfse": tfse.__version__, **found}


def seeds(bootstrap_seed: int) -> dict[str, int]:
    """Returns the seeds of all random draws."""
    return {"bootstrap": bootstrap_seed, "resamples": bootstrap.RESAMPLES}


def run_of(
    command: Sequence[str], jobs: int, seconds: float, measured: int, loads: Sequence[Ready]
) -> dict[str, Any]:
    """Returns the facts that differ between runs: command, times and loaded models.

    Args:
        command: the program and its arguments.
        jobs: largest number of processes.
        seconds: duration of the run.
        measured: rows measured in this run, not in an earlier one.
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
