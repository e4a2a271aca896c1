"""Correlation of losses with PESQ-wb over mixtures, Pearson's and Spearman's.

    python -m benchmarks.loss_correlation --data_dir=prepared --model=lstm_irm,dpcrn_small

Pairs are mixtures of --split, unprocessed, enhanced by every model, and the average of
both. Every loss is computed on the same pairs; `mapped` is the loudness disturbance as a
score: 4.5 - loss through the mapping of P.862.2. Pairs in which PESQ finds no speech are
left out.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from scipy import stats

from benchmarks.table import print_header, print_row

_BANDS_DB = [(low, low + 5) for low in range(-5, 20, 5)]


@dataclasses.dataclass
class Pair:
    """Clean waveform and an estimate of it, `[samples]`."""

    clean: np.ndarray
    estimate: np.ndarray
    kind: str
    snr_db: float
    pesq: float


def main() -> None:
    """Prints one row per loss: over all pairs, by SNR, and by kind of estimate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="lstm_irm,dpcrn_small", help="names or .keras files")
    parser.add_argument("--data_dir", required=True, help="output folder of tfse-prepare")
    parser.add_argument("--split", choices=["train", "valid", "test"], default="train")
    parser.add_argument("--count", type=int, default=200, help="mixtures")
    parser.add_argument("--segment_s", type=float, default=4.0, help="length of a mixture")
    arguments = parser.parse_args()
    pairs = list(_scored(arguments))
    print(f"{len(pairs)} pairs with a PESQ score, of {arguments.count} mixtures\n")
    scores = np.array([pair.pesq for pair in pairs])
    groups = dict(_groups(pairs))
    print_header(("loss", "Pearson, all", "Spearman, all", *groups))
    for name, values in _values(pairs):
        cells = [f"{stats.pearsonr(values, scores)[0]:+.3f}"]
        cells += [f"{stats.spearmanr(values, scores)[0]:+.3f}"]
        cells += [_both(values[chosen], scores[chosen]) for chosen in groups.values()]
        print_row(name, *cells)


def _both(values: np.ndarray, scores: np.ndarray) -> str:
    return f"{stats.pearsonr(values, scores)[0]:+.3f} {stats.spearmanr(values, scores)[0]:+.3f}"


def _scored(arguments: argparse.Namespace) -> Iterator[Pair]:
    from tfse import metrics

    for clean, estimates, snr_db in _mixtures(arguments):
        for kind, estimate in estimates.items():
            try:
                score = float(metrics.pesq(clean, estimate, 16_000))
            except metrics.MetricUndefined:
                continue
            yield Pair(clean, estimate, kind, snr_db, score)


def _mixtures(
    arguments: argparse.Namespace,
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray], float]]:
    import tfse
    from tfse import streaming
    from tfse.data.config import DataConfig
    from tfse.data.pipeline import fixed_dataset

    config = DataConfig(segment_s=arguments.segment_s, clean_probability=0.0)
    steps = {name: streaming.open_step(name) for name in arguments.model.split(",")}
    batches = fixed_dataset(
        arguments.data_dir, config, arguments.split, batch_size=1, count=arguments.count
    )
    for batch in batches.as_numpy_iterator():
        noisy = batch["noisy"][0]
        estimates = {"noisy": noisy}
        for name, step in steps.items():
            estimates[name] = tfse.enhance(noisy, config.sample_rate, step)
            estimates[f"half {name}"] = 0.5 * (noisy + estimates[name])
        yield batch["clean"][0], estimates, float(batch["snr_db"][0])


def _groups(pairs: list[Pair]) -> Iterator[tuple[str, np.ndarray]]:
    """Yields labels and masks of groups of pairs; those with too few pairs are left out."""
    snr_db = np.array([pair.snr_db for pair in pairs])
    kinds = np.array([pair.kind for pair in pairs])
    for low, high in _BANDS_DB:
        chosen = (snr_db >= low) & (snr_db < high)
        if chosen.sum() > 2:
            yield f"{low}..{high} dB", chosen
    for kind in dict.fromkeys(kinds):
        yield str(kind), kinds == kind


def _values(pairs: list[Pair]) -> Iterator[tuple[str, np.ndarray]]:
    from tfse import losses
    from tfse.layers import STFT

    stft = STFT(512, 256)
    for loss in (
        losses.LoudnessDisturbance(),
        losses.NegativeSTOI(),
        losses.NegativeESTOI(),
        losses.NegativeSNR(),
        losses.NegativeSISDR(),
        losses.LogSpectralMSE(stft),
        losses.CompressedSpectrumMSE(stft),
        losses.MultiResolutionSTFT(),
    ):
        graph = tf.function(loss, autograph=False)
        values = np.array([_value(graph, pair) for pair in pairs])
        yield loss.name, values
        if loss.name == "loudness_disturbance":
            yield "mapped", 0.999 + 4 / (1 + np.exp(-1.3669 * (4.5 - values) + 3.8224))


def _value(loss: Any, pair: Pair) -> float:
    clean, estimate = (tf.constant(x[None], tf.float32) for x in (pair.clean, pair.estimate))
    length = tf.fill([1], len(pair.clean))
    targets = {"clean": clean, "noisy": estimate, "noise": estimate - clean, "length": length}
    return float(loss(targets, {"enhanced": estimate})[0])


if __name__ == "__main__":
    main()
