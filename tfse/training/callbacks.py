"""What watches a training and steers it, as Keras callbacks.

An epoch, in Keras' word, is here the stretch from one validation to the next.
"""

from __future__ import annotations

import math
import sys
import time
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfse.dsp import masks
from tfse.losses.base import spectrum
from tfse.models import EnhancementModel
from tfse.training.config import TrainConfig
from tfse.training.run_folder import RunFolder, save_model
from tfse.training.step import Stepper

Logs = dict[str, float]

# Seconds between two progress lines where the output is no terminal.
_QUIET_INTERVAL_S = 60.0


class LearningRate(keras.callbacks.Callback):
    """Raises the learning rate over the warm-up, and lowers it along a cosine if asked.

    Args:
        config: gives `learning_rate`, `warmup_steps`, `schedule` and `steps`.
    """

    def __init__(self, config: TrainConfig) -> None:
        """Keeps the settings."""
        super().__init__()
        self._config = config

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Sets the learning rate of step `batch`, unless it is the plateau's to set."""
        if self._config.schedule == "cosine" or batch < self._config.warmup_steps:
            self.model.optimizer.learning_rate = self._config.learning_rate * self._factor(batch)

    def _factor(self, step: int) -> float:
        warmup, half = self._config.warmup_steps, self._config.steps / 2
        if step < warmup:
            return (step + 1) / warmup
        if self._config.schedule == "plateau":
            return 1.0
        progress = min(max(step - half, 0) / half, 1.0)
        return 0.5 * (1 + math.cos(math.pi * progress))


class ModelSaver(keras.callbacks.Callback):
    """Keeps the model of the newest validation and of the best.

    Args:
        folder: of the run.

    Attributes:
        best: lowest validation loss so far.
    """

    def __init__(self, folder: RunFolder) -> None:
        """Has seen no validation."""
        super().__init__()
        self._folder = folder
        self.best = math.inf

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Saves `last.keras`, and `best.keras` if this validation was the best."""
        save_model(self.model, self._folder.last)
        if logs["val_loss"] < self.best:
            self.best = logs["val_loss"]
            save_model(self.model, self._folder.best)


class ProgressLine(keras.callbacks.Callback):
    """Says how far the training is: one line, rewritten on a terminal.

    Args:
        steps: of the whole training.
        seconds_per_step: audio in a step, in seconds.
    """

    def __init__(self, steps: int, seconds_per_step: float) -> None:
        """Starts the clock at the first step."""
        super().__init__()
        self._steps = steps
        self._seconds_per_step = seconds_per_step
        self._first: tuple[int, float] | None = None
        self._shown = 0.0

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """Shows step, loss, speed and the time left."""
        now = time.monotonic()
        if self._first is None:
            # The first step compiles, and would spoil the speed.
            self._first, self._shown = (batch, now), now
            return
        interval = 1.0 if sys.stderr.isatty() else _QUIET_INTERVAL_S
        if now - self._shown >= interval:
            self._shown = now
            self._show(batch, now, logs["loss"])

    def _show(self, batch: int, now: float, loss: float) -> None:
        assert self._first is not None
        rate = (batch - self._first[0]) / (now - self._first[1])
        left = (self._steps - batch - 1) / rate
        line = (
            f"step {batch + 1}/{self._steps}  loss {loss:.4f}  "
            f"{rate * self._seconds_per_step:.1f} s of audio a second  {_clock(left)} left"
        )
        print(line, end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Leaves a line for each validation."""
        figures = "  ".join(f"{name} {value:.4g}" for name, value in logs.items())
        print(f"validation {epoch + 1}: {figures}", file=sys.stderr, flush=True)


class TensorBoardClips(keras.callbacks.Callback):
    """Writes scalars, and how a few validation mixtures sound and look now.

    Args:
        folder: of the run.
        stepper: enhances the mixtures.
        model: gives the transform and the sample rate.
        clips: `noisy` and `clean`, `[clips, samples]`.
    """

    def __init__(
        self,
        folder: RunFolder,
        stepper: Stepper,
        model: EnhancementModel,
        clips: dict[str, Any],
    ) -> None:
        """Opens the log."""
        super().__init__()
        self._writer = tf.summary.create_file_writer(str(folder.tensorboard))
        self._stepper = stepper
        self._enhancement_model = model
        self._clips = clips
        self._originals_written = False

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Writes what is new since the last validation."""
        step = int(logs["step"])
        with self._writer.as_default():
            for name, value in logs.items():
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
        rate = self._enhancement_model.sample_rate
        tf.summary.audio(name, waveforms[..., None], rate, step=step, max_outputs=count)
        tf.summary.image(name, self._pictures(waveforms), step=step, max_outputs=count)

    def _pictures(self, waveforms: Any) -> Any:
        """Returns log spectrograms, `[clips, bins, frames, 1]`, 80 dB from black to white."""
        power = np.asarray(masks.power(spectrum(waveforms, self._enhancement_model.stft)))
        level = 10 * np.log10(power + 1e-10)
        shade = (level - level.max(axis=(1, 2), keepdims=True)) / 80 + 1
        return np.clip(shade, 0, 1).transpose(0, 2, 1)[:, ::-1, :, None]


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
