"""Order for a batch of recordings, and the outcome of each task."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

from tfse.streaming.batch.plan import Task
from tfse.streaming.options import EnhanceOptions, Summary

if TYPE_CHECKING:
    from tfse.streaming.steps.open_step import Model


class Status(str, enum.Enum):
    """Status of a recording in a batch."""

    DONE = "done"
    FAILED = "failed"
    #: A result already existed, and no option said to skip or replace it.
    KEPT = "kept"
    #: A result already existed, and the option says to skip it.
    SKIPPED = "skipped"


class Existing(str, enum.Enum):
    """Handling of results that already exist."""

    KEEP = "keep"
    SKIP = "skip"
    OVERWRITE = "overwrite"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Outcome of one task.

    Attributes:
        task: the recording and its targets.
        status: done, failed, kept or skipped.
        summary: length, time and notes; None unless done.
        reason: of a failed, kept or skipped task, one line.
    """

    task: Task
    status: Status
    summary: Summary | None = None
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class Order:
    """Settings that apply to every recording of a batch.

    Attributes:
        model: anything that `open_step` accepts; with several jobs it must pickle.
        options: enhancement and storage.
        existing: handling of results that already exist.
        jobs: number of processes; each loads the model once and computes on one core.
        engine: see `open_step`.
    """

    model: Model
    options: EnhanceOptions = dataclasses.field(default_factory=EnhanceOptions)
    existing: Existing = Existing.KEEP
    jobs: int = 1
    engine: str | None = None
