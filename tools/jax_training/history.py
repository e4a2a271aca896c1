"""History of a training: one row of a CSV file per report."""

from __future__ import annotations

import csv
import dataclasses
import pathlib

NAME = "history.csv"


@dataclasses.dataclass(frozen=True)
class Row:
    """Row of a report.

    Attributes:
        step: steps done.
        minutes: of training.
        mixtures_h: audio that was trained on, hours.
        learning_rate: learning rate of the last step.
        loss: mean since the last report.
        gradient_norm: likewise, before clipping.
        bad_steps: steps so far that were not applied.
        validation_loss: loss with the averaged weights.
        validation_si_sdr_gain_db: likewise SI-SDR gain, dB.
        audio_s_per_s: present seconds of training audio per second.
    """

    step: int
    minutes: float
    mixtures_h: float
    learning_rate: float
    loss: float
    gradient_norm: float
    bad_steps: int
    validation_loss: float
    validation_si_sdr_gain_db: float
    audio_s_per_s: float

    def __str__(self) -> str:
        """Returns the row in one line."""
        return (
            f"step {self.step}, {self.minutes:.2f} min, {self.mixtures_h:.2f} h: "
            f"loss {self.loss:.4f}, norm {self.gradient_norm:.1f}, bad {self.bad_steps}, "
            f"validation {self.validation_loss:.4f}, "
            f"SI-SDR {self.validation_si_sdr_gain_db:+.2f} dB, "
            f"{self.audio_s_per_s:.0f} s of audio per s, rate {self.learning_rate:.2e}"
        )


class History:
    """CSV file of a training; an existing one is overwritten.

    Args:
        folder: folder of the file.
    """

    def __init__(self, folder: pathlib.Path) -> None:
        self._path = folder / NAME
        self._append([field.name for field in dataclasses.fields(Row)], "w")

    def add(self, row: Row) -> None:
        """Appends a row."""
        self._append(
            [f"{v:.6g}" if isinstance(v, float) else v for v in dataclasses.astuple(row)], "a"
        )

    def _append(self, values: list[object], mode: str) -> None:
        with self._path.open(mode, newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(values)
