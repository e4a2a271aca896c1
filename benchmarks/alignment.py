"""Accuracy of `tfse-enhance` with a mask of all ones: error and delay by sample rate.

    python -m benchmarks.alignment

The model is a transform and its inverse. At the rate of the model the error is the
rounding of float32; at other rates it is that of resampling there and back, on noise
that both rates can represent: below 0.9 of half the lower rate.
"""

from __future__ import annotations

import pathlib
import tempfile

import numpy as np
import scipy.signal
import soundfile

from benchmarks.table import print_header, print_row
from tests.streaming.tiny_streams import identity_step
from tfse.streaming import enhance_file
from tfse.types import Samples

RATES = (16_000, 8_000, 11_025, 22_050, 44_100, 48_000, 96_000)
SECONDS = 3
TAPS = 4001


def main() -> None:
    """Prints a row for each sample rate."""
    print_header(
        ("sample rate", "largest difference", "error dB", "lag of the correlation's peak"), 0
    )
    for rate in RATES:
        noisy = band_limited(rate)
        enhanced = through_files(noisy, rate)
        difference = enhanced - noisy
        error_db = 10 * np.log10(np.mean(difference**2) / np.mean(noisy**2))
        largest = np.abs(difference).max()
        print_row(rate, f"{largest:.1e}", f"{error_db:.1f}", lag(noisy, enhanced))


def band_limited(rate: int) -> Samples:
    """Returns noise within the passband of every resampler, faded at both ends."""
    cutoff = 0.9 * min(rate, 16_000) / 2
    noise = np.random.default_rng(0).standard_normal(SECONDS * rate)
    if cutoff < rate / 2:
        filter_ = scipy.signal.firwin(TAPS, cutoff, fs=rate, window=("kaiser", 14.0))
        noise = scipy.signal.fftconvolve(noise, filter_, mode="same")
    fade = np.minimum(1.0, np.arange(noise.size) / (0.05 * rate))
    return (0.1 * noise * fade * fade[::-1]).astype(np.float32)


def through_files(noisy: Samples, rate: int) -> Samples:
    """Returns the output of the program for a float file."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = (pathlib.Path(folder) / name for name in ("in.wav", "out.wav"))
        soundfile.write(source, noisy, rate, subtype="FLOAT")
        enhance_file(source, target, identity_step())
        return soundfile.read(target, dtype="float32")[0]


def lag(reference: Samples, estimate: Samples) -> int:
    """Returns the delay of the estimate in samples."""
    correlation = scipy.signal.correlate(estimate, reference, method="fft")
    return int(np.argmax(correlation)) - (reference.size - 1)


if __name__ == "__main__":
    main()
