"""Speed of training: audio per second, memory and waiting by model, batch, precision and XLA.

    python -m benchmarks.training --data_dir=prepared
    python -m benchmarks.training --data_dir=prepared --models=dpcrn_large --batch_sizes=4,8 \
        --precisions=float32,mixed_bfloat16 --jit=off,on --threads=1

The whole step of `tfse-train` is measured, mixing included, each case in its own
process. `waiting` is the share of the time in which the loop waits for a batch. `per core`
divides by the processor time of all threads, mixing included, on which other programs on
the machine have less influence.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import itertools
import json
import os
import resource
import subprocess
import sys
import time
from typing import Any

from benchmarks.table import print_header, print_row

CASE = ("model", "batch", "precision", "XLA", "threads")
MEASURED = ("audio s/s", "per core", "waiting %", "memory MB", "first step s")


def main() -> None:
    """Measures every combination of settings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", required=True)
    parser.add_argument(
        "--models", default="lstm_irm,dpcrn_small,dpcrn_large", help="files of configs/"
    )
    parser.add_argument("--batch_sizes", default="", help="empty for the config's own")
    parser.add_argument("--segment_s", type=float, default=3.0)
    parser.add_argument("--precisions", default="float32,mixed_bfloat16")
    parser.add_argument("--jit", default="off,on")
    parser.add_argument("--threads", default="0", help="of one operation and of all; 0: all cores")
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        print(json.dumps(measured(json.loads(arguments.case), arguments)))
        return
    print_header((*CASE, *MEASURED), text=len(CASE))
    lists = ("models", "batch_sizes", "precisions", "jit", "threads")
    for case in itertools.product(*(getattr(arguments, name).split(",") for name in lists)):
        show(case)


def show(case: tuple[str, ...]) -> None:
    """Measures one case in a subprocess and prints its row."""
    command = [sys.executable, "-m", "benchmarks.training", *sys.argv[1:]]
    command.append(f"--case={json.dumps(case)}")
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        cells = [done.stderr.strip().splitlines()[-1]]
    else:
        cells = json.loads(done.stdout.splitlines()[-1])
    print_row(case[0], case[1] or "-", *case[2:], *cells)


def measured(case: list[str], arguments: argparse.Namespace) -> list[str]:
    """Returns the measurements of one case as text."""
    import tensorflow as tf

    from tfse.training.learner import build_learner
    from tfse.training.shared_data import SharedData
    from tfse.training.strategy import make_strategy

    name, batch_size, precision, jit, threads = case
    for set_threads in (
        tf.config.threading.set_inter_op_parallelism_threads,
        tf.config.threading.set_intra_op_parallelism_threads,
    ):
        set_threads(int(threads))
    config: Any = importlib.import_module(f"configs.{name}").get_config()
    changes: dict[str, Any] = {"precision": precision, "jit_compile": jit == "on"}
    if batch_size:
        changes["batch_size"] = int(batch_size)
    train = dataclasses.replace(config.train, **changes)
    data = dataclasses.replace(config.data, segment_s=arguments.segment_s)
    config = dataclasses.replace(config, train=train, data=data)
    strategy = make_strategy()
    learner = build_learner(config, strategy)
    shared = SharedData(arguments.data_dir, data, train.batch_size, strategy)
    batches = TimedBatches(shared.training(0))
    begin = time.perf_counter()
    learner.step(batches, train, 1e-4)
    first = time.perf_counter() - begin
    learner.step(batches, train, 1e-4)
    batches.waited = 0.0
    clock, processor = time.perf_counter(), time.process_time()
    for _ in range(arguments.steps):
        learner.step(batches, train, 1e-4)
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    audio = arguments.steps * train.batch_size * arguments.segment_s
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return [
        f"{audio / clock:.1f}",
        f"{audio / processor:.1f}",
        f"{100 * batches.waited / clock:.1f}",
        f"{memory:.0f}",
        f"{first:.1f}",
    ]


class TimedBatches:
    """Iterator that measures how long its user waits.

    Attributes:
        waited: total waiting time, seconds.
    """

    def __init__(self, batches: Any) -> None:
        self._batches = iter(batches)
        self.waited = 0.0

    def __iter__(self) -> TimedBatches:
        return self

    def __next__(self) -> Any:
        begin = time.perf_counter()
        batch = next(self._batches)
        self.waited += time.perf_counter() - begin
        return batch


if __name__ == "__main__":
    main()
