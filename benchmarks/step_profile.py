"""Processor time of a training step, by model and by kind of operation.

    python -m benchmarks.step_profile --models=dpcrn_small,fastenhancer_tiny,fastenhancer_base
    python -m benchmarks.step_profile --models=fastenhancer_base --operations=20
    python -m benchmarks.step_profile --models=fastenhancer_base --plain_gru

One thread, noise in place of mixtures. A step is forward pass, losses of the config, backward
pass, optimizer and weight average; its processor time is the median over `--steps` steps.
`--plain_gru` uses automatic differentiation of the GRUs' loop, for comparison.
"""

from __future__ import annotations

import argparse
import collections
import glob
import importlib
import tempfile
import time
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.table import print_header, print_row
from tfse.layers import gru
from tfse.training.learner import Learner, build_learner
from tfse.training.strategy import make_strategy


def main() -> None:
    """Prints one row per model, and the slowest kinds of operations."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="dpcrn_small,fastenhancer_tiny,fastenhancer_base")
    parser.add_argument("--batch_size", type=int, default=4)
    parser.add_argument("--segment_s", type=float, default=3.0)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--operations", type=int, default=0, help="kinds of operations to list")
    parser.add_argument("--plain_gru", action="store_true")
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if arguments.plain_gru:
        gru._run = plain_gru
    print_header(("model", "ms per step", "audio s per core-second"))
    batch = noise(arguments.batch_size, round(arguments.segment_s * 16_000))
    mixtures = tf.constant(float(arguments.batch_size))
    for name in arguments.models.split(","):
        learner = build_learner(
            importlib.import_module(f"configs.{name}").get_config(), make_strategy("one_device")
        )
        seconds = seconds_per_step(learner, batch, mixtures, arguments.steps)
        rate = arguments.batch_size * arguments.segment_s / seconds
        print_row(name, f"{1e3 * seconds:.0f}", f"{rate:.1f}")
        if arguments.operations:
            show_operations(learner, batch, mixtures, arguments)


def plain_gru(gates: Any, hidden: Any, kernel: Any, bias: Any) -> Any:
    """Runs a GRU as `tfse.layers.recurrent.gru`, frame by frame, without custom gradient."""

    def step(hidden: Any, gates: Any) -> tuple[Any, Any]:
        hidden = gru._step(gates, hidden, kernel, bias)
        return hidden, hidden

    return keras.ops.scan(step, hidden, gates)[1]


def noise(batch_size: int, samples: int) -> dict[str, Any]:
    """Returns a batch of noise in noise."""
    rng = np.random.default_rng(0)
    clean, noise = 0.05 * rng.standard_normal((2, batch_size, samples)).astype(np.float32)
    waves = {"noisy": clean + noise, "clean": clean, "noise": noise}
    return {
        **{name: tf.constant(wave) for name, wave in waves.items()},
        "length": tf.fill([batch_size], samples),
    }


def seconds_per_step(learner: Learner, batch: Any, mixtures: Any, steps: int) -> float:
    """Returns the median processor time of a step."""
    for _ in range(2):
        learner.stepper.train(batch, mixtures)
    taken = []
    for _ in range(steps):
        begin = time.process_time()
        learner.stepper.train(batch, mixtures)
        taken.append(time.process_time() - begin)
    return float(np.median(taken))


def show_operations(
    learner: Learner, batch: Any, mixtures: Any, arguments: argparse.Namespace
) -> None:
    """Prints milliseconds and calls per step of the slowest kinds of operations."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace()
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            for _ in range(arguments.steps):
                learner.stepper.train(batch, mixtures)
        (path,) = glob.glob(f"{folder}/**/*.xplane.pb", recursive=True)
        with open(path, "rb") as file:
            space.ParseFromString(file.read())
    total: collections.Counter[str] = collections.Counter()
    calls: collections.Counter[str] = collections.Counter()
    for kind, milliseconds in _events(space):
        total[kind] += milliseconds / arguments.steps
        calls[kind] += 1 / arguments.steps
    print()
    print_header(("operation", "ms per step", "calls"))
    for kind, milliseconds in total.most_common(arguments.operations):
        print_row(kind, f"{milliseconds:.1f}", f"{calls[kind]:.0f}")


def _events(space: Any) -> Any:
    """Yields kind and milliseconds of every operation; loops include their operations."""
    for plane in space.planes:
        if "host" not in plane.name.lower():
            continue
        for event in (event for line in plane.lines for event in line.events):
            name = plane.event_metadata[event.metadata_id].name
            if ":" in name and "::" not in name and not name.startswith("EagerLocal"):
                yield name.rpartition(":")[2], event.duration_ps / 1e9


if __name__ == "__main__":
    main()
