"""Processor time of every loss in training, relative to the compressed spectrum MSE.

    python -m benchmarks.losses --batch_size=4 --seconds=3

A loss and its gradient by the estimate, in one graph, run alternately with the compressed
spectrum MSE; the result is the median ratio of their times. CPU time of all threads, on
which other programs on the machine have little influence.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.table import print_header, print_row
from tfse import losses
from tfse.layers import STFT

RATE = 16_000


def main() -> None:
    """Prints one row per loss."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch_size", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--runs", type=int, default=30)
    arguments = parser.parse_args()
    targets, enhanced = _waveforms(arguments.batch_size, round(arguments.seconds * RATE))
    unit = _step(losses.CompressedSpectrumMSE(STFT(512, 256)), targets)
    print_header(("loss", "CPU ms", "times the compressed spectrum MSE"))
    for loss in _losses():
        milliseconds, ratio = _measure(_step(loss, targets), unit, enhanced, arguments.runs)
        print_row(loss.name, f"{milliseconds:.1f}", f"{ratio:.2f}")


def _losses() -> list[losses.EnhancementLoss]:
    stft = STFT(512, 256)
    return [
        losses.CompressedSpectrumMSE(stft),
        losses.NegativeSNR(),
        losses.NegativeSISDR(),
        losses.LogSpectralMSE(stft),
        losses.MultiResolutionSTFT(),
        losses.NegativeSTOI(),
        losses.NegativeESTOI(),
        losses.LoudnessDisturbance(),
        losses.OverSuppression(stft),
        losses.ResidualLevel(),
    ]


def _waveforms(batch_size: int, samples: int) -> tuple[dict[str, Any], tf.Tensor]:
    """Returns targets and an estimate: noise with a syllabic envelope, in other noise."""
    rng = np.random.default_rng(0)
    syllables = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * np.arange(samples) / RATE)
    clean = 0.1 * rng.standard_normal((batch_size, samples)) * syllables
    noise = 0.03 * rng.standard_normal((batch_size, samples))
    clean, noisy = tf.constant(clean, tf.float32), tf.constant(clean + noise, tf.float32)
    targets = {"clean": clean, "noise": noisy - clean, "noisy": noisy}
    return {**targets, "length": tf.fill([batch_size], samples)}, noisy


def _step(loss: losses.EnhancementLoss, targets: dict[str, Any]) -> Callable[[tf.Tensor], Any]:
    @tf.function(autograph=False)
    def step(enhanced: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(enhanced)
            value = tf.reduce_sum(loss(targets, {"enhanced": enhanced}))
        return tape.gradient(value, enhanced)

    return step


def _measure(
    step: Callable[[tf.Tensor], Any],
    unit: Callable[[tf.Tensor], Any],
    enhanced: tf.Tensor,
    runs: int,
) -> tuple[float, float]:
    """Returns the median time of `step` in milliseconds, and of its ratio to `unit`."""
    pairs = [(_time(step, enhanced), _time(unit, enhanced)) for _ in range(runs + 3)][3:]
    ratio = statistics.median(mine / other for mine, other in pairs)
    return 1e3 * statistics.median(mine for mine, _ in pairs), ratio


def _time(step: Callable[[tf.Tensor], Any], enhanced: tf.Tensor) -> float:
    began = time.process_time()
    step(enhanced).numpy()
    return time.process_time() - began


if __name__ == "__main__":
    main()
