"""Upper band of 48 kHz recordings, with limits: pauses, fricatives and pumping.

    python -m benchmarks.full_band --picture=docs/images/full_band.png
    python -m benchmarks.full_band --speed

Speech and noise are synthetic (`benchmarks.synthetic_speech`): the corpora have nothing above
8 kHz. A row is the mean over the seeds of speech; SNR is that of the whole excerpt.

pauses: fall of the noise in pauses, in the model's 6 to 8 kHz and above 8 kHz. Limit: the
    fall above 8 kHz is at least that below, less 6 dB.
fricatives: level against the clean ones, in 4 to 8 kHz and in 8 to 16 kHz. Limit: above
    8 kHz they lose at most 1 dB more than below, where the model keeps them within 3 dB.
spread: standard deviation of the levels in pauses, in frames of 50 ms, after minus before,
    which shows pumping. Limit: above 8 kHz at most 1 dB more than below.
step: largest change of the gain from one 10 ms to the next in pauses. Limit: above 8 kHz at
    most 1 dB more than below.
edge: level from 7.4 to 7.8 kHz, where both parts overlap, minus the mean of the levels on
    both sides, in pauses against noisy and in fricatives against clean.

--speed prints the processor time for 60 s of 48 kHz mono instead, with and without the band.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import pathlib
import sys
import time

import numpy as np
import numpy.typing as npt
import scipy.signal
from PIL import Image

import tfse
from benchmarks.synthetic_speech import FRICATIVES, NOISES, RATE, Samples, Segment, noise, speech
from benchmarks.table import print_header, print_row
from tfse.streaming import open_step
from tfse.streaming.steps.base import Step

# The end of the models' band, and what they never receive.
BELOW_HZ, ABOVE_HZ = (6000.0, 8000.0), (8000.0, 20_000.0)
FRICATIVE_BELOW_HZ, FRICATIVE_ABOVE_HZ = (4000.0, 8000.0), (8000.0, 16_000.0)
EDGE_HZ = ((6800.0, 7200.0), (7400.0, 7800.0), (8200.0, 8600.0))
PAUSE_ALLOWANCE_DB, FRICATIVE_ALLOWANCE_DB, PUMPING_ALLOWANCE_DB = 6.0, 1.0, 1.0
FRICATIVE_LIMIT_DB = 3.0
# Models need some time to recognize a noise.
START_S = 0.5
SPREAD_S, STEP_S, MARGIN_S = 0.05, 0.01, 0.05
SPEED_S, SPEED_RUNS = 60, 5
# Of the picture.
PART = slice(RATE // 2, RATE * 5)
COLUMNS = (
    *("noise", "SNR dB", "pauses 6 to 8 kHz", "above 8", "fricatives 4 to 8 kHz", "8 to 16"),
    *("spread 6 to 8 kHz", "above 8", "step 6 to 8 kHz", "above 8"),
    *("edge in pauses", "in fricatives", ""),
)
Levels = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Pair:
    """Speech and its mixture with noise at 48 kHz, `[samples]` each, and its segments."""

    clean: Samples
    noisy: Samples
    segments: list[Segment]


@dataclasses.dataclass(frozen=True)
class Result:
    """Measurements in dB: below and above 8 kHz, of the edge in pauses and in fricatives."""

    pauses: Levels
    fricatives: Levels
    spread: Levels
    step: Levels
    edge: Levels

    def beyond(self) -> list[str]:
        """Returns the limits that are not met."""
        faults = []
        if self.pauses[1] > self.pauses[0] + PAUSE_ALLOWANCE_DB:
            faults.append("pauses")
        below, above = self.fricatives
        if abs(below) <= FRICATIVE_LIMIT_DB and above < below - FRICATIVE_ALLOWANCE_DB:
            faults.append("fricatives")
        for name in ("spread", "step"):
            below, above = getattr(self, name)
            if above > below + PUMPING_ALLOWANCE_DB:
                faults.append(name)
        return faults


def main() -> int:
    """Prints one row per noise and SNR; returns 1 if a limit is not met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="fastenhancer_base")
    parser.add_argument("--snrs_db", default="0,5,10,20")
    parser.add_argument("--speed", action="store_true", help="measures the processor time")
    parser.add_argument("--band", choices=["full", "model"], default="full")
    parser.add_argument("--seeds", type=int, default=3, help="excerpts of speech per row")
    parser.add_argument("--picture", type=pathlib.Path, help="writes spectrograms of one mixture")
    arguments = parser.parse_args()
    step = open_step(arguments.model)
    if arguments.speed:
        return print_speed(step)
    if arguments.picture:
        draw(mixture("pink", 10, 0), step, arguments.picture)
    print_header(COLUMNS)
    passed = True
    for kind in NOISES:
        for snr_db in map(int, arguments.snrs_db.split(",")):
            pairs = [mixture(kind, snr_db, seed) for seed in range(arguments.seeds)]
            result = mean([measured(pair, enhanced(pair, step, arguments.band)) for pair in pairs])
            faults = result.beyond()
            passed &= not faults
            values = np.concatenate(dataclasses.astuple(result))
            verdict = f"**{', '.join(faults)}**" if faults else ""
            print_row(kind, snr_db, *(f"{value:.1f}" for value in values), verdict)
    return 0 if passed else 1


def print_speed(step: Step) -> int:
    """Prints the least processor time of several runs for both settings of the band."""
    samples = noise("pink", SPEED_S * RATE, 0)
    print_header(("band", "seconds of processor", "share of real time %"))
    for band in ("model", "full"):
        times = []
        for _ in range(SPEED_RUNS):
            began = time.process_time()
            tfse.enhance(samples, RATE, step, band=band)
            times.append(time.process_time() - began)
        print_row(band, f"{min(times):.2f}", f"{100 * min(times) / SPEED_S:.2f}")
    return 0


def mixture(kind: str, snr_db: float, seed: int) -> Pair:
    """Returns speech with noise."""
    clean, segments = speech(seed)
    scale = np.sqrt(np.mean(clean**2)) * 10 ** (-snr_db / 20)
    return Pair(clean, clean + scale * noise(kind, clean.size, 100 + seed), segments)


def enhanced(pair: Pair, step: Step, band: str = "full") -> Samples:
    """Returns the enhanced mixture."""
    return tfse.enhance(pair.noisy, RATE, step, band=band)


def measured(pair: Pair, output: Samples) -> Result:
    """Returns the measurements of an enhanced mixture."""
    pauses = [
        segment.inner(MARGIN_S)
        for segment in pair.segments
        if not segment.phone and segment.start >= START_S * RATE
    ]
    fricatives = [x.inner(0.0) for x in pair.segments if x.phone in FRICATIVES]
    noisy, after = ([band(x, hz) for hz in (BELOW_HZ, ABOVE_HZ)] for x in (pair.noisy, output))
    wanted, kept = (
        [band(x, hz) for hz in (FRICATIVE_BELOW_HZ, FRICATIVE_ABOVE_HZ)]
        for x in (pair.clean, output)
    )
    both = range(2)
    return Result(
        np.array([change_db(noisy[i], after[i], pauses) for i in both]),
        np.array([change_db(wanted[i], kept[i], fricatives) for i in both]),
        np.array([spread_db(after[i], pauses) - spread_db(noisy[i], pauses) for i in both]),
        np.array([step_db(noisy[i], after[i], pauses) for i in both]),
        np.array([edge_db(pair.noisy, output, pauses), edge_db(pair.clean, output, fricatives)]),
    )


def mean(results: list[Result]) -> Result:
    """Returns the mean of every measurement."""
    return Result(*np.mean([dataclasses.astuple(result) for result in results], axis=0))


def band(samples: Samples, hz: tuple[float, float]) -> Samples:
    """Returns a band, separated without delay."""
    sos = scipy.signal.butter(8, hz, "bandpass", fs=RATE, output="sos")
    separated: Samples = scipy.signal.sosfiltfilt(sos, samples)
    return separated


def change_db(before: Samples, after: Samples, places: list[slice]) -> float:
    """Returns the change of the level in all places together."""
    powers = [np.mean(np.concatenate([x[at] for at in places]) ** 2) for x in (before, after)]
    return float(10 * np.log10((powers[1] + 1e-20) / (powers[0] + 1e-20)))


def edge_db(before: Samples, after: Samples, places: list[slice]) -> float:
    """Returns the change of the level at the edge against the mean of both sides."""
    low, edge, high = (change_db(band(before, hz), band(after, hz), places) for hz in EDGE_HZ)
    return edge - (low + high) / 2


def spread_db(samples: Samples, places: list[slice]) -> float:
    """Returns the standard deviation of the levels of frames."""
    return float(np.std(np.concatenate([levels_db(samples[at], SPREAD_S) for at in places])))


def step_db(before: Samples, after: Samples, places: list[slice]) -> float:
    """Returns the largest change of the gain between neighbouring frames."""
    gains = [levels_db(after[at], STEP_S) - levels_db(before[at], STEP_S) for at in places]
    return float(max(np.abs(np.diff(gain)).max(initial=0.0) for gain in gains))


def levels_db(samples: Samples, frame_s: float) -> Levels:
    """Returns the levels of frames."""
    size = round(frame_s * RATE)
    frames = samples[: samples.size // size * size].reshape(-1, size)
    levels: Levels = 10 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1) + 1e-20)
    return levels


def draw(pair: Pair, step: Step, target: pathlib.Path) -> None:
    """Draws spectrograms before and after, of the clean speech and of both bands."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    rows = {
        "noisy": pair.noisy,
        "clean": pair.clean,
        "--band=model": enhanced(pair, step, "model"),
        "--band=full": enhanced(pair, step),
    }
    figure, all_axes = pyplot.subplots(4, 1, figsize=(8, 9), sharex=True, layout="constrained")
    for axes, (title, samples) in zip(all_axes, rows.items(), strict=True):
        frames = scipy.signal.ShortTimeFFT(np.hanning(1024), 384, RATE).spectrogram(samples[PART])
        levels = 10 * np.log10(frames + 1e-9)
        extent = (0.0, samples[PART].size / RATE, 0.0, RATE / 2000)
        axes.imshow(levels, origin="lower", aspect="auto", extent=extent, vmin=-60, vmax=20)
        axes.set(title=title, ylabel="kHz", yticks=range(0, 25, 4))
    all_axes[-1].set_xlabel("seconds")
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=80)
    pyplot.close(figure)
    Image.open(drawn).convert("RGB").quantize(48).save(target, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
