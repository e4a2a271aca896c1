"""Prints how much models improve noisy speech: PESQ, STOI and SI-SDR, noisy beside enhanced.

    python benchmarks/quality.py --model=lstm_irm,dpcrn_small --data_dir=prepared
    python benchmarks/quality.py --model=dpcrn_small --noisy_dir=noisy --clean_dir=clean

With --data_dir the fixed mixtures of --split are made as the model's training
made them; with two folders, files of the same name are pairs. A pair for which
a metric has no value is left out of that metric's mean, and counted.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import soundfile
from absl import flags

from tfse.cli import program
from tfse.errors import ConfigError

_MODEL = flags.DEFINE_list("model", None, "Names or .keras files.", required=True)
_DATA_DIR = flags.DEFINE_string("data_dir", None, "What tfse-prepare wrote.")
_SPLIT = flags.DEFINE_enum("split", "valid", ["valid", "test"], "Whose fixed mixtures.")
_COUNT = flags.DEFINE_integer("count", 200, "Mixtures.", 1)
_REVERB = flags.DEFINE_float("reverb_probability", 0.3, "Share of mixtures in a room.", 0, 1)
_SEGMENT_S = flags.DEFINE_float("segment_s", 4.0, "Length of a mixture, in seconds.", 0.5)
_NOISY_DIR = flags.DEFINE_string("noisy_dir", None, "Noisy files.")
_CLEAN_DIR = flags.DEFINE_string("clean_dir", None, "Clean files of the same names.")

Pair = tuple[np.ndarray, np.ndarray, int, float]


def main(arguments: Sequence[str]) -> None:
    """Prints one table a model."""
    from tfse import metrics, streaming

    pairs = list(_pairs())
    for name in _MODEL.value:
        step = streaming.open_step(name)
        measures: dict[str, Callable[[np.ndarray, np.ndarray, int], float]] = {
            "PESQ-wb": metrics.pesq,
            "STOI": metrics.stoi,
            "SI-SDR dB": lambda reference, estimate, _: metrics.si_sdr(reference, estimate),
        }
        rows = [_measure(measures, step, pair) for pair in pairs]
        _print(name, list(measures), np.array(rows), np.array([pair[3] for pair in pairs]))


def _pairs() -> Iterator[Pair]:
    """Yields clean and noisy waveforms, the sample rate, and the SNR in dB if it is known."""
    if _DATA_DIR.value:
        yield from _mixtures()
    elif _NOISY_DIR.value and _CLEAN_DIR.value:
        for path in sorted(pathlib.Path(_CLEAN_DIR.value).iterdir()):
            clean, rate = soundfile.read(path, dtype="float32")
            noisy, _ = soundfile.read(pathlib.Path(_NOISY_DIR.value) / path.name, dtype="float32")
            yield clean, noisy, rate, np.nan
    else:
        raise ConfigError("`--data_dir`, or `--noisy_dir` and `--clean_dir`, must be given.")


def _mixtures() -> Iterator[Pair]:
    from tfse.data.config import DataConfig
    from tfse.data.pipeline import fixed_dataset

    config = DataConfig(
        segment_s=_SEGMENT_S.value, clean_probability=0.0, reverb_probability=_REVERB.value
    )
    batches = fixed_dataset(_DATA_DIR.value, config, _SPLIT.value, batch_size=1, count=_COUNT.value)
    for batch in batches.as_numpy_iterator():
        yield batch["clean"][0], batch["noisy"][0], config.sample_rate, float(batch["snr_db"][0])


def _measure(measures: dict[str, Any], step: Any, pair: Pair) -> list[list[float]]:
    import tfse

    clean, noisy, rate, _ = pair
    estimates = (noisy, tfse.enhance(noisy, rate, step))
    return [[_value(f, clean, estimate, rate) for f in measures.values()] for estimate in estimates]


def _value(measure: Any, clean: np.ndarray, estimate: np.ndarray, rate: int) -> float:
    from tfse.metrics import MetricUndefined

    try:
        return float(measure(clean, estimate, rate))
    except MetricUndefined:
        return float("nan")


def _print(name: str, measures: list[str], rows: np.ndarray, snr: np.ndarray) -> None:
    print(f"\n{name}, {len(rows)} pairs, mean (n counted)\n")
    print(
        f"| {'SNR dB':>9} | n | "
        + " | ".join(f"{m}: noisy, enhanced, change" for m in measures)
        + " |"
    )
    print("|---:" * (2 + len(measures)) + "|")
    bands = [(-np.inf, np.inf)]
    if np.isfinite(snr).any():
        bands += [(low, low + 5) for low in range(-5, 20, 5)]
    for low, high in bands:
        chosen = np.ones(len(rows), bool) if np.isinf(low) else (snr >= low) & (snr < high)
        label = "all" if np.isinf(low) else f"{low}..{high}"
        cells = [_cell(rows[chosen, :, i]) for i in range(len(measures))]
        print(f"| {label:>9} | {chosen.sum()} | " + " | ".join(cells) + " |")


def _cell(values: np.ndarray) -> str:
    known = np.isfinite(values).all(axis=1)
    noisy, enhanced = values[known].mean(axis=0)
    return f"{noisy:.3f} {enhanced:.3f} {enhanced - noisy:+.3f} ({known.sum()})"


if __name__ == "__main__":
    program.run(main, __doc__)
