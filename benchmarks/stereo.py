"""Linked against separately enhanced stereo channels: PESQ and error of level differences.

    python -m benchmarks.stereo --data_dir=prepared --model=dpcrn_small

A speaker of the validation split is placed to one side (0 to 8 dB between the channels), with
a different noise in each channel. Prints the mean PESQ of both channels, and the root mean
square error of the level difference between channels in 32 ms frames with speech.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import numpy.typing as npt

import tfse
from benchmarks.table import print_header, print_row
from tfse import metrics
from tfse.data.config import DataConfig
from tfse.data.pipeline import fixed_dataset
from tfse.streaming import open_step

RATE = 16_000
FRAME = 512
Samples = npt.NDArray[np.float32]


def main() -> None:
    """Prints one row each for noisy, separate and linked channels."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--model", default="dpcrn_small")
    parser.add_argument("--count", type=int, default=20, help="recordings")
    arguments = parser.parse_args()
    step = open_step(arguments.model)
    pairs = list(recordings(arguments.data_dir, arguments.count))
    print_header(("channels", "PESQ", "error of level difference dB"))
    for name, enhance in {
        "noisy": lambda noisy: noisy,
        "separate": lambda noisy: tfse.enhance(noisy, RATE, step),
        "linked": lambda noisy: tfse.enhance(noisy, RATE, step, link_channels=True),
    }.items():
        scores = [_scores(clean, enhance(noisy)) for clean, noisy in pairs]
        pesq, error_db = np.mean(scores, axis=0)
        print_row(name, f"{pesq:.3f}", f"{error_db:.2f}")


def recordings(data_dir: str, count: int) -> Any:
    """Yields clean and noisy stereo recordings, `[samples, 2]` each."""
    rng = np.random.default_rng(0)
    config = DataConfig(
        segment_s=4.0, snr_db_min=0, snr_db_max=10, clean_probability=0, reverb_probability=0
    )
    made = fixed_dataset(data_dir, config, "valid", batch_size=2, count=2 * count)
    for mixture in made.as_numpy_iterator():
        speech, noise = mixture["clean"][0], mixture["noise"]
        rms = np.sqrt(np.mean(noise**2, axis=1, keepdims=True))
        noise = noise * rms[0] / rms
        gains = np.array([1.0, 10 ** (-rng.uniform(0, 8) / 20)], np.float32)
        clean = speech[:, np.newaxis] * gains
        yield clean, clean + np.sqrt(0.5) * noise.T.astype(np.float32)


def _scores(clean: Samples, estimate: Samples) -> tuple[float, float]:
    pesq = np.mean([metrics.pesq(clean[:, c], estimate[:, c], RATE) for c in (0, 1)])
    power = _powers(clean).sum(axis=1)
    speech = power > 0.1 * power.mean()
    error_db = _difference_db(estimate)[speech] - _difference_db(clean)[speech]
    return float(pesq), float(np.sqrt(np.mean(error_db**2)))


def _powers(samples: Samples) -> Samples:
    whole = len(samples) // FRAME * FRAME
    powers: Samples = np.square(samples[:whole].reshape(-1, FRAME, 2)).sum(axis=1) + 1e-12
    return powers


def _difference_db(samples: Samples) -> Samples:
    powers = _powers(samples)
    difference: Samples = 10 * np.log10(powers[:, 0] / powers[:, 1])
    return difference


if __name__ == "__main__":
    main()
