"""Processes that run `tfse-train`, on one machine or on several."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import pathlib
import resource
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Sequence

ROOT = pathlib.Path(__file__).parents[2]
TINY = str(ROOT / "tests/training/tiny.py")
LONGEST_S = 1200.0

Row = dict[str, float]

# A server that has imported everything and run nothing forks the processes: each is
# fresh, but does not spend seconds on imports.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tfse.cli.train", "tfse.training", "tests.training.processes"])


class Running:
    """A process that runs `tfse-train`.

    Args:
        arguments: arguments of the program.
        tf_config: `TF_CONFIG` of this machine in a cluster.
        largest_file: largest size of a file in bytes, as on a full disk; 0 for no limit.
    """

    def __init__(
        self, arguments: Sequence[str], tf_config: dict | None = None, largest_file: int = 0
    ) -> None:
        file, name = tempfile.mkstemp(prefix="tfse-train-", suffix=".log")
        os.close(file)
        self._log = pathlib.Path(name)
        self._process = _FORKS.Process(
            target=_run, args=(list(arguments), tf_config, largest_file, name), daemon=True
        )
        self._process.start()

    def poll(self) -> int | None:
        """Returns the exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def send(self, number: signal.Signals) -> None:
        """Sends a signal."""
        os.kill(self._process.pid, number)

    def finish(self) -> str:
        """Waits for the end and returns its output."""
        self._process.join(LONGEST_S)
        self._process.kill()
        self._process.join()
        text = self._log.read_text(encoding="utf-8")
        self._log.unlink()
        return text


def _run(arguments: list[str], tf_config: dict | None, largest_file: int, log: str) -> None:
    """Runs `tfse-train` with its output in a file."""
    with open(log, "w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["tfse-train", *arguments]
    if tf_config:
        os.environ["TF_CONFIG"] = json.dumps(tf_config)
    if largest_file:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    from tfse.cli import train

    train.entry_point()


def arguments_of(
    config: str, data_dir: pathlib.Path, run_dir: pathlib.Path, *more: str
) -> list[str]:
    """Returns arguments; `more` holds flags, and settings such as `train.steps=4`."""
    given = [flag if flag.startswith("--") else f"--config.{flag}" for flag in more]
    return [f"--config={config}", f"--data_dir={data_dir}", f"--run_dir={run_dir}", *given]


def start_cluster(arguments: Sequence[str], machines: int) -> list[Running]:
    """Starts one process per machine of a cluster; all of them run on this one."""
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(machines)]}
    return [
        Running(arguments, {"cluster": cluster, "task": {"type": "worker", "index": index}})
        for index in range(machines)
    ]


def train(arguments: Sequence[str], machines: int = 1) -> list[str]:
    """Runs to the end and returns the output of each machine.

    Raises:
        AssertionError: one of them did not exit with 0.
    """
    running = start_cluster(arguments, machines) if machines > 1 else [Running(arguments)]
    said = [each.finish() for each in running]
    for each, text in zip(running, said, strict=True):
        assert each.poll() == 0, text[-3000:]
    return said


def wait_for_checkpoint(run_dir: pathlib.Path, running: Running) -> None:
    """Waits for the first checkpoint, or for the end of the process."""
    while running.poll() is None and not list(run_dir.glob("checkpoints/*.npz")):
        time.sleep(0.01)


def history(run_dir: pathlib.Path) -> list[Row]:
    """Returns the rows of a run's history."""
    with open(run_dir / "history.csv", newline="", encoding="utf-8") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


def free_ports(count: int) -> list[int]:
    """Returns free ports."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("localhost", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
