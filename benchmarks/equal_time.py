"""Results of training recipes in equal processor time: PESQ, STOI and SI-SDR.

    python -m benchmarks.equal_time --data_dir=prepared --minutes=25 \
        --cases='fastenhancer_base;dpcrn_small train.optimizer=muon train.learning_rate=3e-3'

A case is a file of configs/ and the settings that it changes. Each trains in its own
process, on one thread, from fresh weights, for as many steps as fit into the time (a step is
measured first; the schedule ends with the last). Processor time is counted, on which other
programs on the machine have less influence than on wall time. Scores are changes against
the noisy mixture, of the averaged weights, on the same validation mixtures for all cases;
`20 dB quieter` is the change of PESQ if the model receives a tenth of the amplitude.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np

from benchmarks.table import print_header, print_row

COLUMNS = {
    "step_ms": "{:.0f}",
    "hours": "{:.1f}",
    "pesq": "{:+.3f}",
    "stoi": "{:+.4f}",
    "si_sdr": "{:+.2f}",
    "pesq_no_room": "{:+.3f}",
    "pesq_room": "{:+.3f}",
    "pesq_quieter": "{:+.3f}",
}
HEADINGS = (
    *("case", "ms per step", "hours of mixtures", "PESQ", "STOI", "SI-SDR dB"),
    *("PESQ without room", "PESQ in a room", "20 dB quieter"),
)
_TIMED_STEPS = 8
_QUIETER = 0.1


def main() -> None:
    """Trains and scores every case, and prints one row each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--minutes", type=float, default=25.0, help="processor time of a training")
    parser.add_argument("--cases", required=True, help="separated by semicolons")
    parser.add_argument("--count", type=int, default=100, help="validation mixtures")
    parser.add_argument("--keep", default="", help="folder for the runs; empty keeps none")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(result(arguments.child, arguments)))
        return
    print_header(HEADINGS)
    for case in arguments.cases.split(";"):
        show(case.strip())


def show(case: str) -> None:
    """Runs one case in a subprocess and prints its row."""
    command = [sys.executable, "-m", "benchmarks.equal_time", *sys.argv[1:], f"--child={case}"]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment)
    if done.returncode:
        print_row(case, "failed")
        return
    scores = json.loads(done.stdout.splitlines()[-1])
    print_row(case, *(spec.format(scores[name]) for name, spec in COLUMNS.items()))


def result(case: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Trains a case and returns its row."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    from tfse.models import load
    from tfse.training import Trainer, make_strategy

    config = configured(case)
    strategy = make_strategy()
    step_s = seconds_per_step(config, arguments.data_dir, strategy)
    steps = max(round(60.0 * arguments.minutes / step_s), 1)
    train = dataclasses.replace(
        config.train, steps=steps, validate_every=steps, checkpoint_every=0, tensorboard_clips=0
    )
    config = dataclasses.replace(config, train=train)
    with tempfile.TemporaryDirectory() as folder:
        kept = pathlib.Path(arguments.keep or folder, case.replace(" ", ",").replace("/", "_"))
        trainer = Trainer(config, arguments.data_dir, kept, strategy)
        trainer.train()
        model = load(kept / "last.keras")
        hours = steps * train.mixtures_per_step * config.data.segment_s / 3600
        return {
            "step_ms": 1e3 * step_s,
            "hours": hours,
            **scores(model, arguments.data_dir, arguments.count),
        }


def configured(case: str) -> Any:
    """Returns the experiment of a case, `NAME SETTING=VALUE ...`."""
    name, *settings = case.split()
    config = importlib.import_module(f"configs.{name}").get_config()
    for setting in settings:
        path, _, text = setting.partition("=")
        *parents, field = path.split(".")
        owner = config
        for parent in parents:
            owner = getattr(owner, parent)
        kind = type(getattr(owner, field))
        value = text.lower() == "true" if kind is bool else kind(text)
        setattr(owner, field, value)
    config.validate()
    return config


def seconds_per_step(config: Any, data_dir: str, strategy: Any) -> float:
    """Returns the processor time of a step, mixing included."""
    from tfse.training.learner import build_learner
    from tfse.training.shared_data import SharedData

    learner = build_learner(config, strategy)
    data = SharedData(data_dir, config.data, config.train.batch_size, strategy)
    batches = iter(data.training(0))
    for _ in range(2):
        learner.step(batches, config.train, 0.0)
    taken = []
    for _ in range(_TIMED_STEPS):
        begin = time.process_time()
        learner.step(batches, config.train, 0.0)
        taken.append(time.process_time() - begin)
    return float(np.median(taken))


def scores(model: Any, data_dir: str, count: int) -> dict[str, float]:
    """Returns mean changes against the noisy validation mixtures."""
    from tfse.data import pipeline
    from tfse.data.config import DataConfig

    data = DataConfig(segment_s=4.0, clean_probability=0.0)
    rows = []
    for mixture in pipeline.fixed_dataset(data_dir, data, batch_size=1, count=count):
        noisy, clean = (mixture[name][0].numpy() for name in ("noisy", "clean"))
        rows.append(row(model, noisy, clean, bool(mixture["reverberant"][0])))
    table = np.array(rows)
    in_room = table[:, -1] > 0
    pesq = table[:, 0]
    return {
        "pesq": pesq.mean(),
        "stoi": table[:, 1].mean(),
        "si_sdr": table[:, 2].mean(),
        "pesq_no_room": pesq[~in_room].mean(),
        "pesq_room": pesq[in_room].mean() if in_room.any() else float("nan"),
        "pesq_quieter": (table[:, 3] - pesq).mean(),
    }


def row(model: Any, noisy: Any, clean: Any, reverberant: bool) -> list[float]:
    """Returns changes of PESQ, STOI and SI-SDR, of PESQ 20 dB quieter, and the room."""
    from tfse import metrics
    from tfse.models import enhance_aligned

    def enhanced(waveform: Any) -> Any:
        aligned = enhance_aligned(model, waveform[None], model.latency_samples, model.hop_length)
        return np.asarray(aligned)[0]

    full, quiet = enhanced(noisy), enhanced(_QUIETER * noisy) / _QUIETER
    rate = model.sample_rate
    before = [metrics.pesq(clean, noisy, rate), metrics.stoi(clean, noisy, rate)]
    after = [metrics.pesq(clean, full, rate), metrics.stoi(clean, full, rate)]
    si_sdr = metrics.si_sdr(clean, full) - metrics.si_sdr(clean, noisy)
    quieter = metrics.pesq(clean, quiet, rate) - before[0]
    return [after[0] - before[0], after[1] - before[1], si_sdr, quieter, float(reverberant)]


if __name__ == "__main__":
    main()
