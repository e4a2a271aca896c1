"""One recording of a batch: asked, tried, and what came of it."""

from __future__ import annotations

import dataclasses
import enum

from tfse.errors import TfseError
from tfse.streaming.engine import Progress
from tfse.streaming.files import PIPE, enhance_to, require_free
from tfse.streaming.opening import Model
from tfse.streaming.options import EnhanceOptions, Summary
from tfse.streaming.plan import Task
from tfse.streaming.step import Step


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


def attempt(task: Task, step: Step, order: Order, progress: Progress | None = None) -> Outcome:
    """Enhances one recording; whatever goes wrong with it is its outcome."""
    existing = [path for path in task.targets.all() if path != PIPE and path.exists()]
    if existing and order.existing is not Existing.OVERWRITE:
        skip = order.existing is Existing.SKIP
        status = Status.SKIPPED if skip else Status.KEPT
        return Outcome(task, status, reason=f"{existing[0]} exists")
    try:
        require_free(task.targets, overwrite=True)
        summary = enhance_to(task.source, task.targets, step, order.options, progress)
    except Exception as error:
        # Not the errors of tfse alone: decoders meet bytes that nobody foresaw,
        # and the recordings after this one have a right to be enhanced.
        return Outcome(task, Status.FAILED, reason=_line(error))
    return Outcome(task, Status.DONE, summary)


def _line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror.lower()}{where}"
    text = " ".join(str(error).split())
    return text if isinstance(error, TfseError) else f"{type(error).__name__}: {text}"
