"""What a model loses on what it has not heard: speech, noise and rooms, each by itself.

    python -m benchmarks.generalization --model=dpcrn_medium --data_dir=prepared

Each row takes speech, noise and rooms from the training or the validation side.
Rows with the same speech have the same crops at the same SNR, so that they differ in
nothing but their noise or their rooms. Where rows with unheard recordings are as good
as the first one, the model has learned nothing by heart: it wants more steps or more
units. Where they are worse, it wants more recordings, or the others are harder, which a
second column from a smaller or an untrained system tells.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

import tfse
from tfse import metrics
from tfse.data.config import DataConfig
from tfse.data.mixer import Mixer
from tfse.data.open_mixer import open_mixer
from tfse.data.pipeline import maker
from tfse.evaluation.report.bootstrap import Estimate, estimate
from tfse.evaluation.sources.metadata_file import GROUPS
from tfse.streaming import open_step

HEARD, UNHEARD = "train", "valid"
# Sides of speech, noise and rooms; None is no room.
ROWS = (
    (HEARD, HEARD, None),
    (HEARD, UNHEARD, None),
    (UNHEARD, HEARD, None),
    (UNHEARD, UNHEARD, None),
    (HEARD, HEARD, HEARD),
    (HEARD, HEARD, UNHEARD),
    (UNHEARD, UNHEARD, HEARD),
    (UNHEARD, UNHEARD, UNHEARD),
)
METRICS = ("PESQ", "STOI", "SI-SDR dB")


def main() -> None:
    """Prints a table for each model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="names or files, with commas")
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--count", type=int, default=100, help="mixtures a row")
    parser.add_argument("--segment_s", type=float, default=3.0)
    arguments = parser.parse_args()
    for name in arguments.model.split(","):
        step = open_step(name)
        print(f"\n{name}\n\n| speech | noise | rooms | {' | '.join(METRICS)} |")
        print("|---|---|---|" + "---:|" * len(METRICS))
        for row in ROWS:
            mixer = mixer_of(arguments.data_dir, *row, segment_s=arguments.segment_s)
            made = list(mixtures(mixer, arguments.count))
            changes = [change(mixture, step) for mixture in made]
            figures = [_text(_estimate(values, made)) for values in zip(*changes, strict=True)]
            print(f"| {' | '.join((*(side or 'none' for side in row), *figures))} |", flush=True)


def mixer_of(
    data_dir: str, speech: str, noise: str, rooms: str | None, *, segment_s: float
) -> Mixer:
    """Returns what makes the mixtures of a row.

    Args:
        data_dir: what `tfse-prepare` wrote.
        speech: the side it is taken from.
        noise: likewise.
        rooms: likewise; None for no room, otherwise every mixture is in one.
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
    mixers = {side: open_mixer(data_dir, config, side) for side in (HEARD, UNHEARD)}
    changes: dict[str, Any] = {"noise": mixers[noise].noise}
    if rooms is not None:
        changes["rir"] = mixers[rooms].rir
    return dataclasses.replace(mixers[speech], **changes)


def mixtures(mixer: Mixer, count: int) -> Iterator[dict[str, Any]]:
    """Yields the first mixtures of an epoch, of seed 0."""
    dataset = tf.data.Dataset.range(count).map(maker(mixer, 0), num_parallel_calls=1)
    yield from dataset.as_numpy_iterator()


def change(mixture: dict[str, Any], step: Any) -> list[float]:
    """Returns by how much a mixture is better than it was, by metric; NaN without a value."""
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
