"""Differences between equal trainings on replicas and machines, with accumulation or precision.

    python -m benchmarks.training_equality --data_dir=prepared
    python -m benchmarks.training_equality --data_dir=prepared --config=configs/dpcrn_small.py \
        --steps=100 data.segment_s=1.0

Each row is a separate training in its own processes, with the same seed and the same
mixtures. It has the training loss and validation loss at the end, and the largest
differences of both from the first row at any validation.
"""

from __future__ import annotations

import argparse
import pathlib
import tempfile
from collections.abc import Sequence

from benchmarks.table import print_header, print_row
from tests.training import processes

# Training -> settings, and number of machines.
CASES: dict[str, tuple[list[str], int]] = {
    "one device": ([], 1),
    "2 virtual replicas": (["--strategy=mirrored", "--num_virtual_cpus=2"], 1),
    "2 machines": ([], 2),
    "accumulation of 4": (["train.accumulation_steps=4"], 1),
    "bfloat16": (["train.precision=mixed_bfloat16"], 1),
    "float16": (["train.precision=mixed_float16"], 1),
}
BATCH_SIZE = 8


def main() -> None:
    """Trains every case and prints one row each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", required=True, type=pathlib.Path)
    parser.add_argument("--config", default=processes.TINY)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("settings", nargs="*", help="such as data.segment_s=1.0")
    arguments = parser.parse_args()
    differences = ("largest difference of loss", "of validation loss")
    print_header(("training", "loss", "validation loss", *differences))
    first: list[processes.Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.cases.split(","):
            rows = rows_of(name, arguments, pathlib.Path(folder) / name.replace(" ", "_"))
            first = first or rows
            cells = [f"{rows[-1][key]:.6f}" for key in ("loss", "val_loss")]
            cells += [f"{difference(first, rows, key):.1e}" for key in ("loss", "val_loss")]
            print_row(name, *cells)


def rows_of(
    name: str, arguments: argparse.Namespace, run_dir: pathlib.Path
) -> Sequence[processes.Row]:
    """Trains one case and returns its history."""
    settings, machines = CASES[name]
    batches = 4 if any("accumulation" in setting for setting in settings) else 1
    given = [
        f"train.steps={arguments.steps}",
        f"train.validate_every={max(1, arguments.steps // 4)}",
        f"train.batch_size={BATCH_SIZE // batches}",
        *arguments.settings,
        *settings,
    ]
    arguments_of_run = processes.arguments_of(arguments.config, arguments.data_dir, run_dir, *given)
    processes.train(arguments_of_run, machines)
    return processes.history(run_dir)


def difference(one: Sequence[processes.Row], other: Sequence[processes.Row], key: str) -> float:
    """Returns the largest difference between two histories."""
    return max(abs(mine[key] - theirs[key]) for mine, theirs in zip(one, other, strict=True))


if __name__ == "__main__":
    main()
