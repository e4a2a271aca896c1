"""Contribution of each part of a training recipe: equal short trainings, each without one part.

    python -m benchmarks.ablations --data_dir=prepared --output_dir=runs/ablations

Every row is `tfse-train` with configs/dpcrn_small.py and some changed settings, for the
same number of steps and mixtures; the first row changes none, and a second run of it with
another seed shows the variation between trainings. All are measured on the same
validation mixtures. A difference is the mean over mixtures of a row minus the first row,
with its 95 % interval over mixtures; compare it with that of the other seed, since the
interval does not include the variation between trainings.

Started again, it resumes. Few steps show what helps at the beginning of a training; they
cannot show what prevents overfitting in a long one.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import table
from tfse.evaluation.sources.systems import NOISY

WHOLE = "whole recipe"
# Changed settings of each row; "config" is another file of configs/.
ROWS: dict[str, dict[str, Any]] = {
    WHOLE: {},
    "the same, other seed": {"train.seed": 1, "data.seed": 1},
    "loss: without ESTOI": {"loss.negative_estoi": 0.0},
    "loss: without loudness": {"loss.loudness_disturbance": 0.0},
    "loss: the paper's SNR + log spectral MSE": {
        "loss.negative_estoi": 0.0,
        "loss.loudness_disturbance": 0.0,
        "loss.compressed_spectrum_mse": 0.0,
    },
    "without EMA": {"train.ema_decay": 0.0},
    "without augmentation": {
        f"data.augmentation.{name}_probability": 0.0
        for name in (
            *("speed", "equalizer", "second_noise", "coloured"),
            *("synthetic", "speechless", "band_limit", "clip", "companding"),
            *("second_talker", "splice", "whisper", "held_sound"),
        )
    },
    "without log power input": {"model.log_power_input": False},
    "complex mask": {"model.mask": "complex"},
    "half the width": {
        "model.filters": (8, 12, 16, 16, 24),
        "model.frequency_units": 10,
        "model.time_units": 20,
    },
    "dpcrn_medium, 4 times the cost": {"config": "dpcrn_medium"},
}
METRICS = {"pesq_wb": "PESQ", "stoi": "STOI", "si_sdr_db": "SI-SDR dB"}
Json = dict[str, Any]


def main() -> None:
    """Trains the missing rows, measures all, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--output_dir", required=True, type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--segment_s", type=float, default=2.0)
    parser.add_argument("--count", type=int, default=100, help="validation mixtures")
    parser.add_argument("--rows", default="", help="rows to train, by number from 0; empty for all")
    arguments = parser.parse_args()
    chosen = [int(number) for number in arguments.rows.split(",") if number]
    for number, name in enumerate(ROWS):
        if not chosen or number in chosen:
            train(number, name, arguments)
    trained = [number for number in range(len(ROWS)) if weights(number, arguments).exists()]
    print(comparison(*measure(trained, arguments)))


def weights(number: int, arguments: argparse.Namespace) -> pathlib.Path:
    """Returns the path of the trained model of a row."""
    return pathlib.Path(arguments.output_dir, f"{number}", "last.keras")


def flags_of(name: str, arguments: argparse.Namespace) -> list[str]:
    """Returns the flags of `tfse-train` for a row."""
    settings = {
        "train.steps": arguments.steps,
        "train.validate_every": arguments.steps,
        "data.segment_s": arguments.segment_s,
        **ROWS[name],
    }
    config = settings.pop("config", "dpcrn_small")
    overrides = [f"--config.{setting}={value}" for setting, value in settings.items()]
    return [f"--config=configs/{config}.py", *overrides]


def train(number: int, name: str, arguments: argparse.Namespace) -> None:
    """Trains a row, or resumes its training.

    Raises:
        SystemExit: the training failed; with its last line.
    """
    command = [sys.executable, "-m", "tfse.cli.train", *flags_of(name, arguments)]
    command += [
        f"--data_dir={arguments.data_dir}",
        f"--run_dir={weights(number, arguments).parent}",
    ]
    print(f"{name} ...", file=sys.stderr, flush=True)
    done = subprocess.run(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr.strip().splitlines()[-1]}")


def measure(trained: list[int], arguments: argparse.Namespace) -> tuple[dict[str, str], list[Json]]:
    """Measures every trained row, and the noisy mixtures.

    Returns:
        Name of each row in the report, and `figures.differences` of the report.

    Raises:
        SystemExit: the first row is not trained, or a row cannot be measured.
    """
    if 0 not in trained:
        sys.exit("row 0 is not trained, but all others are compared with it; add it to --rows.")
    folder = arguments.output_dir / "report"
    command = [sys.executable, "-m", "tfse.cli.evaluate", "--overwrite", f"--output_dir={folder}"]
    command += ["--model=" + ",".join(str(weights(number, arguments)) for number in trained)]
    command += [f"--test_data={arguments.data_dir}", "--split=valid", "--segment_s=3"]
    command += [f"--count={arguments.count}", "--worst=0", "--noembed_audio"]
    done = subprocess.run(command, capture_output=True, text=True)
    if not (folder / "report.json").exists():
        sys.exit(done.stderr.strip().splitlines()[-1])
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    systems = [system for system in report["systems"] if system != NOISY]
    names = [list(ROWS)[number] for number in trained]
    return dict(zip(names, systems, strict=True)), report["figures"]["differences"]


def comparison(systems: Mapping[str, str], differences: Sequence[Json]) -> str:
    """Returns a Markdown table: means over noisy, and differences from the first row.

    Args:
        systems: name of each row in the report.
        differences: between the systems of the report.
    """
    found = {(one["system"], one["baseline"]): one["metrics"] for one in differences}
    head = [f"{label} over noisy" for label in METRICS.values()]
    head += [f"{label} to the whole" for label in METRICS.values()]
    lines = [table.header(("trained", *head))]
    for name, system in systems.items():
        over, to = found[system, NOISY], found.get((system, systems[WHOLE]), {})
        cells = [_signed(over[metric]["mean"], metric) for metric in METRICS]
        cells += [_with_interval(to[metric], metric) if to else "" for metric in METRICS]
        lines.append(table.row((name, *cells)))
    return "\n".join(lines)


def _with_interval(value: Json, metric: str) -> str:
    interval = f"{_signed(value['low'], metric)} to {_signed(value['high'], metric)}"
    return f"{_signed(value['mean'], metric)} ({interval})"


def _signed(value: float | None, metric: str) -> str:
    places = 2 if metric == "si_sdr_db" else 3
    return "-" if value is None else f"{value:+.{places}f}"


if __name__ == "__main__":
    main()
