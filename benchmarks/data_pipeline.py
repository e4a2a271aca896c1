"""Speed of the data pipeline: seconds of audio per second that reach a training loop.

    python -m benchmarks.data_pipeline
    python -m benchmarks.data_pipeline --data_dirs=prepared_pcm16,prepared_flac

Reading, decoding, mixing, reverberation and batching are included. Each result is the
median of several runs over one stream, with the slowest and the fastest; the last column
divides by the processor time of all threads, on which other programs on the machine have
less influence. `default` mixes with the defaults of `DataConfig`, `all in rooms`
reverberates every mixture, `plain` uses neither reverberation nor babble. Without
`--data_dirs` a small synthetic corpus is prepared in both encodings.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import tempfile
import time
from collections.abc import Iterator

import numpy as np
import soundfile

# TensorFlow logs harmless errors at every start.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from benchmarks.table import print_header, print_row
from tfse.data.config import DataConfig
from tfse.data.pipeline import training_dataset
from tfse.data.preparation.prepare import prepare
from tfse.data.preparation.prepare_config import PrepareConfig
from tfse.data.records.index import read_index

RATE = 16_000
# Seconds of audio per second that LSTM-IRM trains on two cores: the speed that is needed.
LSTM_IRM_SPEED = 50.0
CONFIGS = {
    "default": DataConfig(),
    "all in rooms": DataConfig(reverb_probability=1.0),
    "plain": DataConfig(reverb_probability=0.0, babble_probability=0.0),
}


def main() -> None:
    """Measures prepared data, or a synthetic corpus."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dirs", default="", help="folders of prepared data, comma-separated")
    parser.add_argument("--batch_size", type=int, default=16)
    parser.add_argument("--batches", type=int, default=20, help="batches of one run")
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        given = [pathlib.Path(name) for name in arguments.data_dirs.split(",") if name]
        folders = given or list(prepare_synthetic(pathlib.Path(folder)))
        measure(folders, arguments.batch_size, arguments.batches, arguments.runs)


def measure(folders: list[pathlib.Path], batch_size: int, batches: int, runs: int) -> None:
    """Prints one row per folder and mixing settings."""
    print(f"{len(os.sched_getaffinity(0))} cores, batches of {batch_size}, {runs} runs")
    speed, needed = "audio s/s: median (min to max)", "times LSTM-IRM's training"
    print_header(("records", "mixtures", speed, needed, "audio s per core and s"), text=2)
    for folder in folders:
        encoding = read_index(folder).encoding
        for name, config in CONFIGS.items():
            results = list(measured(folder, config, batch_size, batches, runs))
            speeds, core_speeds = zip(*results, strict=True)
            median = statistics.median(speeds)
            print_row(
                encoding,
                name,
                f"{median:.0f} ({min(speeds):.0f} to {max(speeds):.0f})",
                f"{median / LSTM_IRM_SPEED:.1f}",
                f"{statistics.median(core_speeds):.0f}",
            )


def measured(
    folder: pathlib.Path, config: DataConfig, batch_size: int, batches: int, runs: int
) -> Iterator[tuple[float, float]]:
    """Yields seconds of audio per second of time and of processor time of each run."""
    stream = iter(training_dataset(folder, config, batch_size=batch_size))
    audio_s = batches * batch_size * config.segment_s
    # Not measured: the graph is built, and batches are prefetched.
    for _ in range(batches // 2):
        next(stream)
    for _ in range(runs):
        clock, processor = time.perf_counter(), time.process_time()
        for _ in range(batches):
            next(stream)
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
        yield audio_s / clock, audio_s / processor


def prepare_synthetic(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Writes a corpus with lengths as in real ones, and prepares it in both encodings."""
    rng = np.random.default_rng(0)
    for speaker in range(12):
        for take in range(12):
            write(folder / f"speech/s{speaker}/{take}.wav", voice(rng, rng.uniform(2, 12)))
    for number in range(60):
        write(folder / f"noise/hiss/{number}.wav", hiss(rng, 5.0))
    for number in range(12):
        decay = np.exp(-np.arange(RATE) / RATE * rng.uniform(5, 20))
        write(folder / f"rir/room{number}.wav", hiss(rng, 1.0) * decay)
    for encoding in ("pcm16", "flac"):
        output = folder / encoding
        prepare(
            PrepareConfig(
                [str(folder / "speech")],
                [str(folder / "noise")],
                str(output),
                rir_dirs=[str(folder / "rir")],
                encoding=encoding,
            )
        )
        yield output


def voice(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Returns harmonics with a syllabic envelope, `[samples]`, which FLAC can predict."""
    at = np.arange(round(seconds * RATE)) / RATE
    pitch = 2 * np.pi * rng.uniform(90, 250) * at
    tones = np.sum([np.sin(pitch * k) / k for k in range(1, 16)], axis=0)
    return 0.1 * tones * np.sin(2 * np.pi * 2 * at) ** 2 + 0.01 * hiss(rng, seconds)


def hiss(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Returns white noise, `[samples]`."""
    return 0.1 * rng.standard_normal(round(seconds * RATE))


def write(path: pathlib.Path, samples: np.ndarray) -> None:
    """Writes a recording and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE)


if __name__ == "__main__":
    main()
