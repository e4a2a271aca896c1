"""Memory and speed of `tfse-enhance`: peak memory by length, seconds of audio per second.

    python -m benchmarks.enhance memory --model=lstm_irm
    python -m benchmarks.enhance speed --models=lstm_irm,dpcrn_small

`memory` runs the program on 10 s, 10 min and 3 h of 48 kHz stereo and prints the
largest resident size. The longest recording temporarily takes 2 GB of disk, and its
result as much.

`speed` prints seconds of audio per second on one core: the median of several runs
over a 16 kHz mono and a 48 kHz stereo recording, and for comparison of machines the
time relative to a 512 x 512 x 512 float32 matrix product in the same process.
"""

from __future__ import annotations

import argparse
import functools
import os
import pathlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np
import soundfile

from benchmarks.table import print_header, print_row

DURATIONS_S = (10, 600, 3 * 3600)
RATE = 48_000


def main() -> None:
    """Measures memory or speed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    memory = commands.add_parser("memory")
    memory.add_argument("--model", default="lstm_irm")
    memory.add_argument("--durations_s", type=int, nargs="+", default=DURATIONS_S)
    speed = commands.add_parser("speed")
    speed.add_argument("--models", default="lstm_irm,dpcrn_small")
    speed.add_argument("--engine", choices=("keras", "litert"))
    speed.add_argument("--seconds", type=float, default=60.0)
    speed.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.command == "memory":
        measure_memory(arguments.model, arguments.durations_s)
    else:
        measure_speed(
            arguments.models.split(","), arguments.engine, arguments.seconds, arguments.runs
        )


def measure_memory(model: str, durations_s: list[int]) -> None:
    """Prints the largest resident size for each length."""
    print_header(("audio s", "peak RSS MB", "relative to the first", "wall s"), text=0)
    first = None
    for seconds in durations_s:
        with tempfile.TemporaryDirectory() as folder:
            source = write_recording(pathlib.Path(folder) / "noisy.wav", seconds)
            began = time.perf_counter()
            peak_mb = peak_memory_mb(source, model)
        first = first or peak_mb
        wall_s = time.perf_counter() - began
        print_row(seconds, f"{peak_mb:.0f}", f"{peak_mb / first:.3f}", f"{wall_s:.0f}")


def write_recording(path: pathlib.Path, seconds: float) -> pathlib.Path:
    """Writes 16-bit stereo noise whose level changes every second."""
    generator = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for second in range(int(seconds)):
            level = 0.02 + 0.1 * (second % 3)
            file.write(level * generator.standard_normal((RATE, 2), np.float32))
    return path


def peak_memory_mb(source: pathlib.Path, model: str) -> float:
    """Runs the program and returns its largest resident size."""
    command = [sys.executable, "-m", "tfse.cli.enhance", str(source), f"--model={model}"]
    process = os.posix_spawn(sys.executable, command, os.environ)
    _, status, usage = os.wait4(process, 0)
    if os.waitstatus_to_exitcode(status):
        sys.exit("tfse-enhance failed.")
    return usage.ru_maxrss / 1024


def measure_speed(models: list[str], engine: str | None, seconds: float, runs: int) -> None:
    """Prints seconds of audio per second for each model."""
    # One core for BLAS, TensorFlow and the resampler, set before any of them starts.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from tfse.streaming import enhance, open_step

    reference_ms = matmul_ms()
    print(f"reference: 512^3 matmul {reference_ms:.2f} ms on one core")
    print_header(
        ("model", "recording", "audio s/s, median (all)", "ms per audio s / matmul ms"), text=2
    )
    for model in models:
        step = open_step(model, engine=engine)
        for rate, channels in ((16_000, 1), (RATE, 2)):
            noisy = recording(seconds, rate, channels)
            enhance(noisy[: 5 * rate], rate, step)
            work = functools.partial(enhance, noisy, rate, step)
            speeds = [seconds / timed(work) for _ in range(runs)]
            median = statistics.median(speeds)
            all_of_them = " ".join(f"{speed:.1f}" for speed in speeds)
            print_row(
                model,
                f"{rate} Hz, {channels} ch",
                f"{median:.1f} ({all_of_them})",
                f"{1000 / median / reference_ms:.1f}",
            )


def recording(seconds: float, rate: int, channels: int) -> np.ndarray:
    """Returns noise, `[samples, channels]`."""
    shape = (int(seconds * rate), channels)
    return (0.1 * np.random.default_rng(0).standard_normal(shape)).astype(np.float32)


def matmul_ms() -> float:
    """Returns the median time of a 512 x 512 x 512 float32 matrix product."""
    matrix = np.ones((512, 512), np.float32)
    return 1000 * statistics.median(timed(lambda: matrix @ matrix) for _ in range(50))


def timed(work: Callable[[], object]) -> float:
    """Returns the seconds that a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
