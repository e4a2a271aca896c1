"""Speed of the data pipeline: audio seconds a second that reach a training loop.

    python -m benchmarks.data_pipeline
    python -m benchmarks.data_pipeline --data_dirs=prepared_pcm16,prepared_flac

Everything is included: reading, decoding, mixing, reverberation, batching. Each
figure is the median of several runs over one stream, with the slowest and the
fastest; beside it stands the same by the processor time of all threads, which
other programs on the machine disturb less. `default` mixes as `DataConfig` does
without a change, `all in rooms` reverberates every mixture, `plain` neither
reverberates nor makes babble. Without `--data_dirs` a small
synthetic corpus is prepared in both encodings.
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

# Its native code logs errors at every start that are none.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from tfse.data.config import DataConfig
from tfse.data.pipeline import training_dataset
from tfse.data.preparation.prepare import prepare
from tfse.data.preparation.prepare_config import PrepareConfig
from tfse.data.records.index import read_index

RATE = 16_000
# How fast LSTM-IRM trains on two cores, audio seconds a second: the measure of enough.
LSTM_IRM_SPEED = 50.0
CONFIGS = {
    "default": DataConfig(),
    "all in rooms": DataConfig(reverb_probability=1.0),
    "plain": DataConfig(reverb_probability=0.0, babble_probability=0.0),
}


def main() -> None:
    """Measures what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data_dirs", default="", help="made by tfse-prepare, comma-separated")
    parser.add_argument("--batch_size", type=int, default=16)
    parser.add_argument("--batches", type=int, default=20, help="batches of one run")
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        given = [pathlib.Path(name) for name in arguments.data_dirs.split(",") if name]
        folders = given or list(prepare_synthetic(pathlib.Path(folder)))
        measure(folders, arguments.batch_size, arguments.batches, arguments.runs)


def measure(folders: list[pathlib.Path], batch_size: int, batches: int, runs: int) -> None:
    """Prints a line for each folder and each way of mixing."""
    print(f"{len(os.sched_getaffinity(0))} cores, batches of {batch_size}, {runs} runs")
    print(
        "records | mixtures | audio s/s: median (min to max) | times LSTM-IRM's training | "
        "audio s per core and s"
    )
    for folder in folders:
        encoding = read_index(folder).encoding
        for name, config in CONFIGS.items():
            results = list(measured(folder, config, batch_size, batches, runs))
            speeds, core_speeds = zip(*results, strict=True)
            median = statistics.median(speeds)
            print(
                f"{encoding} | {name} | {median:.0f} ({min(speeds):.0f} to {max(speeds):.0f}) | "
                f"{median / LSTM_IRM_SPEED:.1f} | {statistics.median(core_speeds):.0f}",
                flush=True,
            )


def measured(
    folder: pathlib.Path, config: DataConfig, batch_size: int, batches: int, runs: int
) -> Iterator[tuple[float, float]]:
    """Yields audio seconds a second, by the clock and by processor time, of each run."""
    stream = iter(training_dataset(folder, config, batch_size=batch_size))
    audio_s = batches * batch_size * config.segment_s
    # The graph is built, and batches are made ahead, while nobody measures.
    for _ in range(batches // 2):
        next(stream)
    for _ in range(runs):
        clock, processor = time.perf_counter(), time.process_time()
        for _ in range(batches):
            next(stream)
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
        yield audio_s / clock, audio_s / processor


def prepare_synthetic(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Writes a corpus with the lengths of real ones, and prepares it twice."""
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
    """Returns a buzz that rises and falls like syllables, `[samples]`: FLAC can predict it."""
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
