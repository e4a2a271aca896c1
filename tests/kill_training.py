"""Kills a training again and again, and compares its curve with one left alone.

    python -m tests.kill_training --data_dir=prepared --kills=20
    python -m tests.kill_training --data_dir=prepared --kills=20 \
        --config=configs/lstm_irm.py data.segment_s=1.0 train.steps=120

Every process is killed with SIGKILL: one in three while a checkpoint is being
written, one in three some moments after it has kept a new one, and one in three
at any moment, while it starts perhaps. Each is started again with the same
command. Asserted at the end: `history.csv` is, byte by byte, that of a run that
was never killed, and so are the weights of `best.keras` and `last.keras`; at
most two checkpoints are left.
"""

from __future__ import annotations

import argparse
import collections
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np

import tfse
from tests.training import processes

# How often is looked for a half-written checkpoint, seconds.
GLANCE_S = 0.0005
LONGEST_WAIT_S = 600.0
CAUSES = ("while a checkpoint is written", "after a checkpoint", "any time")


def main() -> None:
    """Kills what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", required=True, type=pathlib.Path)
    parser.add_argument("--config", default=processes.TINY)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("settings", nargs="*", help="such as train.steps=120")
    arguments = parser.parse_args()
    settings = [f"train.steps={6 * arguments.kills}", *DEFAULTS, *arguments.settings]
    with tempfile.TemporaryDirectory() as folder:
        compare(
            arguments.config,
            arguments.data_dir,
            pathlib.Path(folder),
            arguments.kills,
            arguments.seed,
            settings,
        )


# A checkpoint after every step, so that there is much to be torn.
DEFAULTS = ("train.checkpoint_every=1", "train.validate_every=5", "train.ema_decay=0.9")


def compare(
    config: str,
    data_dir: pathlib.Path,
    folder: pathlib.Path,
    kills: int,
    seed: int,
    settings: list[str],
) -> None:
    """Runs both trainings, prints what happened, and asserts that they are equal."""
    alone, killed = folder / "alone", folder / "killed"
    processes.train(processes.command(config, data_dir, alone, *settings))
    causes = train_and_kill(
        processes.command(config, data_dir, killed, *settings), killed, kills, seed
    )
    for cause, count in causes.items():
        print(f"{count:3d} kills {cause}")
    assert_equal(alone, killed)
    rows = processes.history(killed)
    print(f"history of {len(rows)} validations: equal to the last digit")


def train_and_kill(
    command: list[str], run_dir: pathlib.Path, kills: int, seed: int
) -> collections.Counter[str]:
    """Trains to the end, through so many kills, and counts them by their moment."""
    draw = random.Random(seed)
    causes: collections.Counter[str] = collections.Counter()
    checkpoints = run_dir / "checkpoints"
    while sum(causes.values()) < kills:
        cause = CAUSES[sum(causes.values()) % len(CAUSES)]
        process = processes.start(command)
        try:
            reached = wait_for(cause, process, checkpoints, draw)
        finally:
            process.send_signal(signal.SIGKILL)
            said = process.communicate()[0]
        if not reached:
            assert process.returncode in (0, -signal.SIGKILL), said[-3000:]
            assert process.returncode != 0, f"The run was over after {sum(causes.values())} kills."
        causes[cause] += 1
        print(f"kill {sum(causes.values())} {cause}, newest: {newest(checkpoints)}", flush=True)
    processes.train(command)
    return causes


def wait_for(
    cause: str, process: subprocess.Popen, checkpoints: pathlib.Path, draw: random.Random
) -> bool:
    """Waits for the moment to kill; False if the process ended before it."""
    known = newest(checkpoints)
    pause = draw.uniform(0.0, 1.0) if cause != CAUSES[2] else draw.uniform(0.0, 20.0)
    ready = cause == CAUSES[2]
    end = time.monotonic() + LONGEST_WAIT_S
    while process.poll() is None and time.monotonic() < end:
        # Some progress first, or the run would never end.
        ready = ready or newest(checkpoints) > known
        if ready and cause != CAUSES[0]:
            time.sleep(pause)
            return process.poll() is None
        if ready and any(checkpoints.glob("*.partial")):
            return True
        time.sleep(GLANCE_S)
    return False


def newest(checkpoints: pathlib.Path) -> str:
    """Returns the name of the newest checkpoint, empty without one."""
    return max((path.name for path in checkpoints.glob("*.npz")), default="")


def assert_equal(alone: pathlib.Path, killed: pathlib.Path) -> None:
    """Compares histories and weights, and looks for what should not be left."""
    one, other = ((run / "history.csv").read_text() for run in (alone, killed))
    assert one == other, f"The curves differ:\n{one}\n{other}"
    for name in ("best.keras", "last.keras"):
        models = [tfse.load(run / name) for run in (alone, killed)]
        for mine, theirs in zip(*(model.get_weights() for model in models), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    left = sorted(path.name for path in (killed / "checkpoints").iterdir())
    assert len(left) == 2 and all(name.endswith(".npz") for name in left), left


if __name__ == "__main__":
    sys.exit(main())
