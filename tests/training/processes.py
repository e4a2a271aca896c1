"""Runs `tfse-train` in processes of its own, on one machine or on several."""

from __future__ import annotations

import csv
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

ROOT = pathlib.Path(__file__).parents[2]
TINY = "tests/training/tiny.py"

Row = dict[str, float]


def command(config: str, data_dir: pathlib.Path, run_dir: pathlib.Path, *more: str) -> list[str]:
    """Returns what starts `tfse-train`; `more` are flags, `train.steps=4` is a setting."""
    given = [flag if flag.startswith("--") else f"--config.{flag}" for flag in more]
    program = [sys.executable, "-m", "tfse.cli.train", f"--config={config}"]
    return [*program, f"--data_dir={data_dir}", f"--run_dir={run_dir}", *given]


def start(arguments: Sequence[str], tf_config: dict | None = None) -> subprocess.Popen:
    """Starts a process, with what it says kept."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    if tf_config:
        environment["TF_CONFIG"] = json.dumps(tf_config)
    return subprocess.Popen(
        arguments,
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def start_cluster(arguments: Sequence[str], machines: int) -> list[subprocess.Popen]:
    """Starts the same command on machines that are all this one."""
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(machines)]}
    return [
        start(arguments, {"cluster": cluster, "task": {"type": "worker", "index": index}})
        for index in range(machines)
    ]


def finish(processes: Sequence[subprocess.Popen], timeout_s: float = 600.0) -> list[str]:
    """Waits for processes and returns what each said; none is left behind."""
    try:
        return [process.communicate(timeout=timeout_s)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()


def wait_for_checkpoint(run_dir: pathlib.Path, process: subprocess.Popen) -> None:
    """Waits until there is one, or the process has ended."""
    while process.poll() is None and not list(run_dir.glob("checkpoints/*.npz")):
        time.sleep(0.01)


def train(arguments: Sequence[str], machines: int = 1) -> list[str]:
    """Runs a command to its end and returns what each machine said.

    Raises:
        AssertionError: one of them did not exit with 0.
    """
    processes = start_cluster(arguments, machines) if machines > 1 else [start(arguments)]
    said = finish(processes)
    for process, text in zip(processes, said, strict=True):
        assert process.returncode == 0, text[-3000:]
    return said


def history(run_dir: pathlib.Path) -> list[Row]:
    """Returns the rows of a run's history."""
    with open(run_dir / "history.csv", newline="", encoding="utf-8") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


def free_ports(count: int) -> list[int]:
    """Returns ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("localhost", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
