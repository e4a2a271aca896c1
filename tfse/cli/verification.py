"""Flags and verification table of the export programs."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from tfse.errors import ConfigError

if TYPE_CHECKING:
    from tfse.exporting.verification.verify import Pair, Variant
    from tfse.models import EnhancementModel
    from tfse.types import Samples

MODEL = flags.DEFINE_string(
    "model", None, "Name of a shipped model, or a .keras file.", required=True
)
DATA_DIR = flags.DEFINE_string("data_dir", None, "Output folder of tfse-prepare.")
NOISY_DIR = flags.DEFINE_string("noisy_dir", None, "Noisy recordings to verify with.")
CLEAN_DIR = flags.DEFINE_string("clean_dir", None, "Clean references of the same names.")
COUNT = flags.DEFINE_integer("count", 50, "Largest number of recordings to verify with.", 1)
REPORT = flags.DEFINE_string("report", None, "Writes the table also to REPORT.md and REPORT.json.")


def load_model() -> EnhancementModel:
    """Returns the model of the flag.

    Raises:
        ConfigError: the prepared data has another sample rate.
    """
    from tfse.models import load

    model = load(MODEL.value)
    if DATA_DIR.value:
        _check_rate(model.sample_rate)
    return model


def _check_rate(sample_rate: int) -> None:
    from tfse.data.records.index import read_index

    received = read_index(pathlib.Path(str(DATA_DIR.value))).sample_rate
    if received != sample_rate:
        raise ConfigError(
            f"`--data_dir` must be prepared at {sample_rate} Hz, the rate of {MODEL.value} "
            f"(tfse-prepare --sample_rate={sample_rate}); {DATA_DIR.value} is at {received} Hz."
        )


def check_recordings() -> None:
    """Checks the flags of the recordings before any work.

    Raises:
        ConfigError: only one of two folders is given.
    """
    if bool(NOISY_DIR.value) != bool(CLEAN_DIR.value):
        raise ConfigError("`--noisy_dir` and `--clean_dir` must be given together.")


def calibration(sample_rate: int, count: int = 40) -> Sequence[Samples]:
    """Returns training mixtures of --data_dir with the model's settings; none without it."""
    from tfse.exporting import calibration as mixtures

    if not DATA_DIR.value:
        return ()
    served = mixtures.calibration_settings(MODEL.value, DATA_DIR.value, sample_rate)
    _print_missing("calibration", "training", served.left_out)
    return mixtures.training_mixtures(DATA_DIR.value, served.config, count)


def _print_missing(what: str, split: str, left_out: Sequence[str]) -> None:
    if left_out:
        missing = " and ".join(left_out)
        print(f"{DATA_DIR.value} has no {missing} in its {split} split: {what} does without.")


def recordings(sample_rate: int) -> Sequence[Pair]:
    """Returns the recordings to verify with: pairs, validation mixtures, or a made-up voice."""
    from tfse.exporting.verification import recordings as sources

    if NOISY_DIR.value and CLEAN_DIR.value:
        return sources.from_folders(NOISY_DIR.value, CLEAN_DIR.value, sample_rate, COUNT.value)
    if DATA_DIR.value:
        pairs, left_out = sources.from_prepared(DATA_DIR.value, sample_rate, COUNT.value)
        _print_missing("verification", "validation", left_out)
        return pairs
    print("Without --data_dir or --noisy_dir, a made-up voice: differences and times only.")
    return sources.built_in(sample_rate)


def verify(variants: Sequence[Variant], sample_rate: int) -> bool:
    """Prints the table row by row, writes the reports, and returns whether all passed."""
    from tfse.exporting.verification import recordings as sources
    from tfse.exporting.verification import table
    from tfse.exporting.verification.verify import verify as rows_of

    pairs = recordings(sample_rate)
    loud = sources.loud(pairs)
    print(f"\n{len(pairs)} recordings; changes are relative to the offline Keras model.")
    print(f"Loud: the first {len(loud)} of them at -6 dBFS, or with the peak at full scale.\n")
    print(table.header())
    rows = []
    for row in rows_of(variants, pairs, sample_rate, loud):
        rows.append(row)
        print(table.line(row), flush=True)
    if REPORT.value:
        _write(pathlib.Path(f"{REPORT.value}.md"), table.markdown(rows))
        _write(pathlib.Path(f"{REPORT.value}.json"), table.to_json(rows))
    return not any(row.failures for row in rows)


def _write(path: pathlib.Path, text: str) -> None:
    from tfse.files import write_whole

    write_whole(path, text.encode())
