"""Display of a training: progress line and TensorBoard."""

from __future__ import annotations

import os
import pathlib
import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tfse.dsp import masks
from tfse.layers.padding import spectrum
from tfse.models import EnhancementModel
from tfse.training.config import ExperimentConfig
from tfse.training.progress import Progress
from tfse.training.stepper import Stepper

Metrics = Mapping[str, float | int]

# Seconds between two progress lines where the output is no terminal.
_QUIET_INTERVAL_S = 60.0


def plan_line(config: ExperimentConfig, data_dir: str | os.PathLike[str], replicas: int) -> str:
    """Returns a summary of a training, printed before the first step compiles."""
    device = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    threads = os.environ.get("TF_NUM_INTRAOP_THREADS") or len(os.sched_getaffinity(0))
    return (
        f"{config.model.name}: {config.train.steps} steps of {config.train.mixtures_per_step} "
        f"mixtures of {config.data.segment_s:g} s from {data_dir}; {replicas} {device}, "
        f"{threads} threads"
    )


class ProgressLine:
    """Progress line of a training, rewritten in place on a terminal.

    Args:
        steps: of the whole training.
        seconds_per_step: audio in a step, in seconds.
    """

    def __init__(self, steps: int, seconds_per_step: float) -> None:
        self._steps = steps
        self._seconds_per_step = seconds_per_step
        self._first: tuple[int, float] | None = None
        self._shown = 0.0

    def show_step(self, progress: Progress, loss: float, *, bad: bool) -> None:
        """Shows step, loss, speed and remaining time at intervals, and every bad step."""
        now = time.monotonic()
        if bad:
            print_line(
                f"step {progress.step}: loss {loss}; loss or gradient is not finite, the step is "
                f"not applied: {progress.bad_in_a_row} in a row, {progress.bad_steps} in all"
            )
        if self._first is None:
            # The first step compiles, and would distort the speed.
            self._first, self._shown = (progress.step, now), now
            return
        interval = 1.0 if sys.stderr.isatty() else _QUIET_INTERVAL_S
        if now - self._shown >= interval:
            self._shown = now
            self._show(progress, now, loss)

    def _show(self, progress: Progress, now: float, loss: float) -> None:
        assert self._first is not None
        rate = (progress.step - self._first[0]) / (now - self._first[1])
        left = (self._steps - progress.step) / rate
        bad = f"  {progress.bad_steps} bad steps" if progress.bad_steps else ""
        line = (
            f"step {progress.step}/{self._steps}  loss {loss:.4f}  "
            f"{rate * self._seconds_per_step:.1f} s of audio per second  {clock(left)} left{bad}"
        )
        print(line, end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)

    def show_validation(self, metrics: Metrics) -> None:
        """Prints the metrics of a validation."""
        values = "  ".join(f"{name} {value:.4g}" for name, value in metrics.items())
        print_line(f"validation: {values}")


class TensorBoard:
    """TensorBoard log: scalars, and audio and spectrograms of a few validation mixtures.

    Args:
        folder: folder of the log.
        stepper: enhances the mixtures.
        model: provides the transform and the sample rate.
        clips: `noisy` and `clean`, `[clips, samples]`; empty for scalars only.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        stepper: Stepper,
        model: EnhancementModel,
        clips: dict[str, Any],
    ) -> None:
        self._writer = tf.summary.create_file_writer(str(folder))
        self._stepper = stepper
        self._model = model
        self._clips = clips
        self._originals_written = False

    def show_validation(self, metrics: Metrics) -> None:
        """Writes metrics and clips of a validation."""
        step = int(metrics["step"])
        with self._writer.as_default():
            for name, value in metrics.items():
                if name != "step":
                    tf.summary.scalar(name, value, step=step)
            if self._clips:
                self._write_clips(step)
        self._writer.flush()

    def _write_clips(self, step: int) -> None:
        if not self._originals_written:
            self._originals_written = True
            for name in ("noisy", "clean"):
                self._write(name, self._clips[name], step)
        self._write("enhanced", self._stepper.enhance(self._clips["noisy"]), step)

    def _write(self, name: str, waveforms: Any, step: int) -> None:
        count = len(waveforms)
        rate = self._model.sample_rate
        tf.summary.audio(name, waveforms[..., None], rate, step=step, max_outputs=count)
        tf.summary.image(name, self._spectrograms(waveforms), step=step, max_outputs=count)

    def _spectrograms(self, waveforms: Any) -> Any:
        """Returns log spectrograms, `[clips, bins, frames, 1]`, 80 dB from black to white."""
        power = np.asarray(masks.power(spectrum(waveforms, self._model.stft)))
        level = 10 * np.log10(power + 1e-10)
        shade = (level - level.max(axis=(1, 2), keepdims=True)) / 80 + 1
        return np.clip(shade, 0, 1).transpose(0, 2, 1)[:, ::-1, :, None]


def print_line(line: str) -> None:
    """Prints a line of progress to stderr."""
    print(line, file=sys.stderr, flush=True)


def clock(seconds: float) -> str:
    """Returns hours, minutes and seconds, `1:02:03`."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
