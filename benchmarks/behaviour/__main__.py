"""Behaviour on difficult recordings and in difficult situations, with limits.

    python -m benchmarks.behaviour --model=fastenhancer_base --data_dir=prepared --cases=cases

DATA_DIR is the output folder of `tfse-prepare`: situations are made of its validation speech,
noise and rooms; a row is the mean over all recordings of a situation. CASES holds recordings at
16 kHz: NAME-noisy.flac with NAME-clean.flac, or NAME.flac without a clean original. One of the
two folders is enough. Exits with 1 if a measurement is beyond its limits or a recording is
missing.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.behaviour import recorded
from benchmarks.behaviour.measures import Check, Recording, enhanced
from benchmarks.table import print_header, print_row
from tfse import pretrained
from tfse.streaming import open_step
from tfse.streaming.steps.base import Step

VOICES = 24


def main() -> int:
    """Prints one row per check; returns an exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=pretrained.DEFAULT_MODEL)
    parser.add_argument("--cases", type=pathlib.Path, help="folder of recordings")
    parser.add_argument("--data_dir", help="prepared data")
    arguments = parser.parse_args()
    if not (arguments.cases or arguments.data_dir):
        parser.error("--cases or --data_dir must be given")
    step = open_step(arguments.model)
    print_header(("case", "measurement", "limit", "measured", ""), text=2)
    good = True
    if arguments.data_dir:
        good &= _made(arguments.data_dir, step)
    if arguments.cases:
        good &= _recorded(arguments.cases, step)
    return 0 if good else 1


def _recorded(folder: pathlib.Path, step: Step) -> bool:
    good = True
    for name in _names(recorded.CHECKS):
        found = recorded.read(folder, name, step)
        good &= _print_rows(name, recorded.CHECKS, [] if found is None else [found])
    return good


def _made(data_dir: str, step: Step) -> bool:
    # TensorFlow is not needed for the other recordings.
    from benchmarks.behaviour import situations
    from benchmarks.behaviour.material import open_material

    material = open_material(data_dir, VOICES)
    good = True
    for name in _names(situations.CHECKS):
        made = [enhanced(*pair, step) for pair in situations.SITUATIONS[name](material)]
        good &= _print_rows(name, situations.CHECKS, made)
    return good


def _names(checks: Sequence[Check]) -> Iterable[str]:
    return dict.fromkeys(check.case for check in checks)


def _print_rows(name: str, checks: Sequence[Check], recordings: Sequence[Recording]) -> bool:
    """Prints the rows of one case; returns whether all are within their limits."""
    passed = True
    for check in checks:
        if check.case != name:
            continue
        values = [check.measure(recording) for recording in recordings]
        value = float(np.nanmean(values)) if np.isfinite(values).any() else np.nan
        good = check.low <= value <= check.high
        passed &= good
        shown = f"{value:.3f}" if recordings else "missing"
        print_row(name, check.what, check.limits, shown, "" if good else "**failed**")
    return passed


if __name__ == "__main__":
    sys.exit(main())
