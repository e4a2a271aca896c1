"""Speed of training: audio seconds a second by model, batch, precision and XLA; memory; waiting.

    python -m benchmarks.training --data_dir=prepared
    python -m benchmarks.training --data_dir=prepared --models=dpcrn_large --batch_sizes=4,8 \
        --precisions=float32,mixed_bfloat16 --jit=off,on --threads=1

The whole of a step is measured as `tfse-train` makes it, mixing included, each
case in a process of its own. `waiting` is the share of the time in which the loop
had no batch to go on with. `by core` divides by the processor time of all
threads, mixing included, which other programs on the machine disturb less.
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

HEADINGS = ("model", "batch", "precision", "XLA", "threads")
FIGURES = ("audio s/s", "by core", "waiting %", "memory MB", "first step s")


def main() -> None:
    """Measures what the command line asks for."""
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
    print(f"| {' | '.join((*HEADINGS, *FIGURES))} |")
    print("|---|---:|---|---|---:|" + "---:|" * len(FIGURES))
    lists = ("models", "batch_sizes", "precisions", "jit", "threads")
    for case in itertools.product(*(getattr(arguments, name).split(",") for name in lists)):
        show(case)


def show(case: tuple[str, ...]) -> None:
    """Measures one case in a process of its own and prints its row."""
    command = [sys.executable, "-m", "benchmarks.training", *sys.argv[1:]]
    command.append(f"--case={json.dumps(case)}")
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        figures = [done.stderr.strip().splitlines()[-1]]
    else:
        figures = json.loads(done.stdout.splitlines()[-1])
    print(f"| {' | '.join((*case[:1], case[1] or '-', *case[2:], *figures))} |", flush=True)


def measured(case: list[str], arguments: argparse.Namespace) -> list[str]:
    """Returns the figures of one case as text."""
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
    batches = Waiting(SharedData(arguments.data_dir, data, train.batch_size, strategy).training(0))
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


class Waiting:
    """An iterator that knows how long it kept its user waiting.

    Attributes:
        waited: in seconds.
    """

    def __init__(self, batches: Any) -> None:
        self._batches = iter(batches)
        self.waited = 0.0

    def __iter__(self) -> Waiting:
        """Returns itself."""
        return self

    def __next__(self) -> Any:
        """Returns the next batch."""
        begin = time.perf_counter()
        batch = next(self._batches)
        self.waited += time.perf_counter() - begin
        return batch


if __name__ == "__main__":
    main()
