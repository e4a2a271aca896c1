"""Kill test of a training, compared with an undisturbed training.

    python -m tests.stress.kill_training --data_dir=prepared --kills=20
    python -m tests.stress.kill_training --data_dir=prepared --kills=20 \
        --config=configs/lstm_irm.py data.segment_s=1.0 train.steps=120

Every process is killed with SIGKILL: one in three while a checkpoint is being
written, one in three shortly after a new checkpoint, and one in three at any
time, also during the start. Each is started again with the same command.
Asserted at the end: `history.csv` is byte by byte that of an undisturbed run, as
are the weights of `best.keras` and `last.keras`; at most two checkpoints are
left.
"""

from __future__ import annotations

import argparse
import collections
import pathlib
import random
import signal
import tempfile
import time

import numpy as np

import tfse
from tests.training import processes

# Polling interval for a partial checkpoint, seconds.
POLL_S = 0.0005
WHILE_WRITING, AFTER, ANY_TIME = "while a checkpoint is written", "after one", "at any time"
CAUSES = (WHILE_WRITING, AFTER, ANY_TIME)


def main() -> None:
    """Runs the test of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", required=True, type=pathlib.Path)
    parser.add_argument("--config", default=processes.TINY)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("settings", nargs="*", help="such as train.steps=120")
    arguments = parser.parse_args()
    settings = [f"train.steps={3 * arguments.kills}", *DEFAULTS, *arguments.settings]
    with tempfile.TemporaryDirectory() as folder:
        compare(
            arguments.config,
            arguments.data_dir,
            pathlib.Path(folder),
            arguments.kills,
            arguments.seed,
            settings,
        )


# A checkpoint after every step, so that many writes can be interrupted.
DEFAULTS = ("train.checkpoint_every=1", "train.validate_every=5", "train.ema_decay=0.9")


def compare(
    config: str,
    data_dir: pathlib.Path,
    folder: pathlib.Path,
    kills: int,
    seed: int,
    settings: list[str],
) -> None:
    """Runs both trainings and asserts that their results are equal."""
    alone, killed = folder / "alone", folder / "killed"
    undisturbed = processes.Running(processes.arguments_of(config, data_dir, alone, *settings))
    arguments = processes.arguments_of(config, data_dir, killed, *settings)
    causes = train_and_kill(arguments, killed, kills, seed)
    output = undisturbed.finish()
    assert undisturbed.poll() == 0, output[-3000:]
    for cause, count in causes.items():
        print(f"{count:3d} kills {cause}")
    assert_equal(alone, killed)
    rows = processes.history(killed)
    print(f"history of {len(rows)} validations: equal to the last digit")


def train_and_kill(
    arguments: list[str], run_dir: pathlib.Path, kills: int, seed: int
) -> collections.Counter[str]:
    """Trains to the end with kills, and counts the kills by their cause."""
    draw = random.Random(seed)
    causes: collections.Counter[str] = collections.Counter()
    checkpoints = run_dir / "checkpoints"
    while (number := sum(causes.values())) < kills:
        cause = CAUSES[number % len(CAUSES)]
        running = processes.Running(arguments)
        try:
            wait_for(cause, running, checkpoints, draw)
        finally:
            if running.poll() is None:
                running.send(signal.SIGKILL)
            output = running.finish()
        assert running.poll() == -signal.SIGKILL, f"It ended before kill {number}: {output[-3000:]}"
        causes[cause] += 1
        print(f"kill {number + 1} {cause}; newest: {newest(checkpoints)}", flush=True)
    processes.train(arguments)
    return causes


def wait_for(
    cause: str, running: processes.Running, checkpoints: pathlib.Path, draw: random.Random
) -> None:
    """Waits for the moment to kill, or for the end of the process."""
    known = newest(checkpoints)
    pause = draw.uniform(0.0, 20.0) if cause == ANY_TIME else draw.uniform(0.0, 1.0)
    # Some progress first, so that the run ends.
    while cause != ANY_TIME and newest(checkpoints) <= known and running.poll() is None:
        time.sleep(POLL_S)
    if cause != WHILE_WRITING:
        time.sleep(pause)
        return
    while not any(checkpoints.glob(".tfse-*.part")) and running.poll() is None:
        time.sleep(POLL_S)


def newest(checkpoints: pathlib.Path) -> str:
    """Returns the name of the newest checkpoint, empty without one."""
    return max((path.name for path in checkpoints.glob("*.npz")), default="")


def assert_equal(alone: pathlib.Path, killed: pathlib.Path) -> None:
    """Asserts that histories and weights are equal and no other files are left."""
    one, other = ((run / "history.csv").read_text() for run in (alone, killed))
    assert one == other, f"The curves differ:\n{one}\n{other}"
    for name in ("best.keras", "last.keras"):
        models = [tfse.load(run / name) for run in (alone, killed)]
        for mine, theirs in zip(*(model.get_weights() for model in models), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    left = sorted(path.name for path in (killed / "checkpoints").iterdir())
    assert len(left) == 2 and all(name.endswith(".npz") for name in left), left


if __name__ == "__main__":
    main()
