"""Run provenance: versions, revision, seeds, data and machine of every start."""

from __future__ import annotations

import datetime
import importlib.metadata
import pathlib
import platform
import subprocess
import sys
from typing import Any

import tensorflow as tf

from tfse.data.records.index import INDEX_NAME
from tfse.files import sha256_of
from tfse.models.loading import file_sha256
from tfse.training.config import ExperimentConfig

PACKAGES = ("tfse", "tensorflow", "tensorflow-io", "keras", "numpy")


def describe_start(
    config: ExperimentConfig,
    data_dir: str | pathlib.Path,
    strategy: tf.distribute.Strategy,
    init_from: str,
) -> dict[str, Any]:
    """Returns the provenance of one start of a run, for `run.json`.

    Args:
        config: provides the seeds and the teacher.
        data_dir: prepared data, known to be readable.
        strategy: distribution strategy.
        init_from: model with the initial weights; empty for none.
    """
    folder = pathlib.Path(data_dir)
    return {
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "command": sys.argv,
        "machine": platform.node(),
        "versions": {"python": platform.python_version(), **_versions()},
        "git": _git(),
        "seeds": {"train": config.train.seed, "data": config.data.seed},
        "data": {"dir": str(folder.resolve()), "index_sha256": sha256_of(folder / INDEX_NAME)},
        "strategy": {"name": type(strategy).__name__, "replicas": strategy.num_replicas_in_sync},
        "init_from": init_from,
        "teacher_sha256": file_sha256(config.train.teacher) if config.train.teacher else None,
    }


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def _git() -> dict[str, Any] | None:
    """Returns the revision of the checkout that this code runs from, None without one."""
    revision = _run_git("rev-parse", "HEAD")
    if revision is None:
        return None
    return {"revision": revision, "changed": bool(_run_git("status", "--porcelain"))}


def _run_git(*arguments: str) -> str | None:
    command = ["git", "-C", str(pathlib.Path(__file__).parent), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
