"""Order for a batch of recordings, and the outcome for each."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

from tfse.streaming.batch.plan import Task
from tfse.streaming.options import EnhanceOptions, Summary

if TYPE_CHECKING:
    from tfse.streaming.steps.open_step import Model


class Status(str, enum.Enum):
    """How a recording ended."""

    DONE = "done"
    FAILED = "failed"
    #: A result was there already, and nobody had said what to do with it.
    KEPT = "kept"
    #: A result was there already, and to be skipped.
    SKIPPED = "skipped"


class Existing(str, enum.Enum):
    """What happens when a result is there already."""

    KEEP = "keep"
    SKIP = "skip"
    OVERWRITE = "overwrite"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of one task.

    Attributes:
        task: what was asked.
        status: how it ended.
        summary: length, time and notes; None where nothing was enhanced.
        reason: why it failed or was skipped, one line.
    """

    task: Task
    status: Status
    summary: Summary | None = None
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class Order:
    """What is the same for every recording of a batch.

    Attributes:
        model: whatever `open_step` takes; to run side by side, it must pickle.
        options: how recordings are enhanced and stored.
        existing: what happens when a result is there already.
        jobs: processes; each loads the model once and computes on one core.
    """

    model: Model
    options: EnhanceOptions = dataclasses.field(default_factory=EnhanceOptions)
    existing: Existing = Existing.KEEP
    jobs: int = 1
