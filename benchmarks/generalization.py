"""Generalization of a model to unseen speech, noise and rooms, each separately.

    python -m benchmarks.generalization --model=dpcrn_medium --data_dir=prepared

Each row takes speech, noise and rooms from the training or the validation side.
Rows with the same speech have the same crops at the same SNR, so that they differ only in
their noise or their rooms. If rows with unseen recordings are as good as the first one, the
model does not overfit: it needs more steps or more units. If they are worse, it needs
more recordings, or the unseen ones are more difficult; a smaller or untrained model on the
same rows shows which.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

import tfse
from benchmarks.table import print_header, print_row
from tfse import metrics
from tfse.data.config import DataConfig
from tfse.data.mixer import Mixer
from tfse.data.open_mixer import open_mixer
from tfse.data.pipeline import maker
from tfse.evaluation.report.bootstrap import Estimate, estimate
from tfse.evaluation.sources.metadata_file import GROUPS
from tfse.streaming import open_step

SEEN, UNSEEN = "train", "valid"
# Splits of speech, noise and rooms; None for no room.
ROWS = (
    (SEEN, SEEN, None),
    (SEEN, UNSEEN, None),
    (UNSEEN, SEEN, None),
    (UNSEEN, UNSEEN, None),
    (SEEN, SEEN, SEEN),
    (SEEN, SEEN, UNSEEN),
    (UNSEEN, UNSEEN, SEEN),
    (UNSEEN, UNSEEN, UNSEEN),
)
METRICS = ("PESQ", "STOI", "SI-SDR dB")


def main() -> None:
    """Prints one table per model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="names or files, comma-separated")
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--count", type=int, default=100, help="mixtures per row")
    parser.add_argument("--segment_s", type=float, default=3.0)
    arguments = parser.parse_args()
    for name in arguments.model.split(","):
        step = open_step(name)
        print(f"\n{name}\n")
        print_header(("speech", "noise", "rooms", *METRICS), text=3)
        for splits in ROWS:
            mixer = mixer_of(arguments.data_dir, *splits, segment_s=arguments.segment_s)
            made = list(mixtures(mixer, arguments.count))
            changes = [change(mixture, step) for mixture in made]
            means = [_text(_estimate(values, made)) for values in zip(*changes, strict=True)]
            print_row(*(split or "none" for split in splits), *means)


def mixer_of(
    data_dir: str, speech: str, noise: str, rooms: str | None, *, segment_s: float
) -> Mixer:
    """Returns the mixer of a row.

    Args:
        data_dir: output folder of `tfse-prepare`.
        speech: split of the speech.
        noise: likewise of the noise.
        rooms: likewise of the rooms; None for no room, otherwise every mixture has one.
        segment_s: length of a mixture, seconds.
    """
    config = DataConfig(
        segment_s=segment_s,
        snr_db_max=15.0,
        clean_probability=0.0,
        babble_probability=0.0,
        reverb_probability=float(rooms is not None),
        speaker_balance=1.0,
    )
    mixers = {split: open_mixer(data_dir, config, split) for split in (SEEN, UNSEEN)}
    changes: dict[str, Any] = {"noise": mixers[noise].noise}
    if rooms is not None:
        changes["rir"] = mixers[rooms].rir
    return dataclasses.replace(mixers[speech], **changes)


def mixtures(mixer: Mixer, count: int) -> Iterator[dict[str, Any]]:
    """Yields the first mixtures of an epoch, of seed 0."""
    dataset = tf.data.Dataset.range(count).map(maker(mixer, 0), num_parallel_calls=1)
    yield from dataset.as_numpy_iterator()


def change(mixture: dict[str, Any], step: Any) -> list[float]:
    """Returns the changes of a mixture by metric; NaN where a metric is undefined."""
    clean, noisy = mixture["clean"], mixture["noisy"]
    rate = step.sample_rate
    enhanced = tfse.enhance(noisy, rate, step)
    changes = []
    for metric in (metrics.pesq, metrics.stoi, _si_sdr):
        try:
            changes.append(metric(clean, enhanced, rate) - metric(clean, noisy, rate))
        except metrics.MetricUndefined:
            changes.append(np.nan)
    return changes


def _estimate(values: Sequence[float], made: Sequence[dict[str, Any]]) -> Estimate:
    known = np.isfinite(values)
    clusters = [
        [mixture[name].decode() for mixture, is_known in zip(made, known, strict=True) if is_known]
        for name in GROUPS
    ]
    return estimate(list(np.asarray(values)[known]), len(values), 0, clusters)


def _si_sdr(reference: Any, estimate: Any, sample_rate: int) -> float:
    return metrics.si_sdr(reference, estimate)


def _text(found: Estimate) -> str:
    if found.mean is None:
        return ""
    interval = "" if found.low is None else f" [{found.low:+.3f}, {found.high:+.3f}]"
    return f"{found.mean:+.3f}{interval}"


if __name__ == "__main__":
    main()
