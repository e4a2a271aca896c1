"""Cost of a whole run of `tfse-enhance`: processor time, wall time and memory, by model and engine.

    python -m benchmarks.first_result
    python -m benchmarks.first_result --seconds=3600 --models=fastenhancer_base --rounds=1
    python -m benchmarks.first_result --reference=../tfse-before --reference_model=dpcrn_medium
    python -m benchmarks.first_result --files=200 --jobs=2 --seconds=3 --rounds=3

Each cell is the median over rounds; in every round all rows run one after another, so that
the load of the machine is that of all. Warm: the files were read before. Cold: the files of
Python's packages are dropped from the page cache first, as after a restart (`--cold`). Programs
have one core. --reference is the checkout of another version: its
`python -m tfse.cli.enhance` runs in each round too, and ratios are given against it. With
several jobs processor time and memory are those of the parent process alone.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import soundfile

from benchmarks.table import print_header, print_row
from tfse import pretrained

ROOT = pathlib.Path(__file__).parents[1]
RATE = 16_000


class Cost(NamedTuple):
    """Cost of one process with its children."""

    cpu_s: float
    wall_s: float
    memory_mb: float


class Row(NamedTuple):
    """One line of the table: a checkout and the flags of its program."""

    name: str
    root: pathlib.Path
    flags: tuple[str, ...]


def main() -> None:
    """Prints the table."""
    given = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        recordings = pathlib.Path(folder) / "noisy"
        _write(recordings, given.files, given.seconds)
        rows = list(_rows(given))
        costs: dict[str, list[Cost]] = {row.name: [] for row in rows}
        for _ in range(given.rounds):
            for row in rows:
                costs[row.name].append(_cost(row, recordings, given))
    columns = ("CPU s", "wall s", "memory MB", "files per s", "times real time", "CPU, ratio")
    print_header(("row", *columns), text=1)
    first = _median(costs[rows[0].name])
    for row in rows:
        cost = _median(costs[row.name])
        print_row(
            row.name,
            f"{cost.cpu_s:.2f}",
            f"{cost.wall_s:.2f}",
            f"{cost.memory_mb:.0f}",
            f"{given.files / cost.wall_s:.2f}",
            f"{given.files * given.seconds / cost.wall_s:.0f}",
            f"{cost.cpu_s / first.cpu_s:.3f}",
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default=",".join(pretrained.names()))
    parser.add_argument("--engines", default="keras,litert")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each recording")
    parser.add_argument("--files", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cold", action="store_true", help="drop the packages from the cache")
    parser.add_argument("--reference", type=pathlib.Path, help="checkout of another version")
    parser.add_argument("--reference_model", default="dpcrn_medium")
    return parser.parse_args()


def _rows(given: argparse.Namespace) -> Iterator[Row]:
    if given.reference:
        name = f"{given.reference_model}, {given.reference.name}"
        yield Row(name, given.reference, (f"--model={given.reference_model}",))
    for model in given.models.split(","):
        for engine in given.engines.split(","):
            flags = (f"--model={model}", f"--engine={engine}")
            yield Row(f"{model}, {engine}", ROOT, flags)
    yield Row("--help", ROOT, ("--help",))


def _write(folder: pathlib.Path, files: int, seconds: float) -> None:
    """Writes the demo recording, repeated to the wanted length."""
    samples, _ = soundfile.read(ROOT / "demo" / "noisy.flac", dtype="float32")
    wanted = int(seconds * RATE)
    folder.mkdir()
    for number in range(files):
        path = folder / f"{number:04}.flac"
        soundfile.write(path, np.resize(np.roll(samples, 997 * number), wanted), RATE)


def _cost(row: Row, recordings: pathlib.Path, given: argparse.Namespace) -> Cost:
    """Runs a row's program and returns its cost."""
    if given.cold:
        _drop_packages()
    with tempfile.TemporaryDirectory() as output:
        command = [sys.executable, "-m", "tfse.cli.enhance", *row.flags]
        if "--help" not in row.flags:
            command += [str(recordings), f"--output_dir={output}/out", f"--jobs={given.jobs}"]
        return _run(command, row.root, given.jobs)


def _run(command: list[str], root: pathlib.Path, jobs: int) -> Cost:
    environment = {**os.environ, "PYTHONPATH": str(root.resolve()), "TF_NUM_INTRAOP_THREADS": "1"}
    began = time.monotonic()
    process = os.fork()
    if process == 0:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-jobs:])
        os.chdir("/")
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        os.execve(command[0], command, environment)
    _, status, usage = os.wait4(process, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}.")
    wall_s = time.monotonic() - began
    return Cost(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss / 1024)


def _drop_packages() -> None:
    """Drops the files of all packages from the page cache."""
    for path in pathlib.Path(sysconfig.get_paths()["purelib"]).rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _median(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(values) for values in zip(*costs, strict=True)))


if __name__ == "__main__":
    main()
