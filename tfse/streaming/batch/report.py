"""Report of a batch: one line per recording, and a JSON file."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from typing import Any

from tfse.audio.ffmpeg import containers
from tfse.audio.ffmpeg.ffmpeg_process import is_available
from tfse.audio.ffmpeg.media import duration_s
from tfse.audio.file_source import claimed_s
from tfse.files import write_whole
from tfse.streaming.batch.outcome import Outcome, Status
from tfse.streaming.batch.plan import Task

_HINT = "; --overwrite replaces it, --skip_existing skips it"


def line(outcome: Outcome) -> str:
    """Returns the line that a program prints for a recording."""
    source = outcome.task.source
    if outcome.status is Status.KEPT:
        return f"{source}: kept: {outcome.reason}{_HINT}"
    if outcome.summary is None:
        return f"{source}: {outcome.status.value}: {outcome.reason}"
    summary = outcome.summary
    notes = "".join(f"; note: {note}" for note in summary.notes)
    return (
        f"{source} -> {outcome.task.targets.enhanced}: {summary.audio_s:.2f} s in "
        f"{summary.time_s:.2f} s, {_speed(outcome):.1f} times real time{notes}"
    )


def total_s(tasks: Sequence[Task]) -> float:
    """Returns the seconds of audio in all recordings according to their headers."""
    return sum(_claimed_s(task.source) for task in tasks)


def _claimed_s(source: pathlib.Path) -> float:
    seconds = claimed_s(source)
    if not seconds and containers.is_known(source) and is_available():
        return duration_s(source)
    return seconds


def write_report(outcomes: Sequence[Outcome], model: str, path: pathlib.Path) -> None:
    """Writes a JSON file with one record per recording.

    A record has `source`, `enhanced`, `status` (done, failed, kept, skipped),
    `audio_s`, `time_s`, `speed` (times real time), `reason` and `notes`;
    missing values are null.

    Args:
        outcomes: of all recordings.
        model: name or path of the model.
        path: output file, replaced if it exists.

    Raises:
        OSError: the file cannot be written.
    """
    counts = {status.value: sum(o.status is status for o in outcomes) for status in Status}
    report = {"model": model, **counts, "files": [_record(outcome) for outcome in outcomes]}
    write_whole(path, json.dumps(report, indent=2).encode() + b"\n")


def _record(outcome: Outcome) -> dict[str, Any]:
    summary = outcome.summary
    return {
        "source": str(outcome.task.source),
        "enhanced": str(outcome.task.targets.enhanced),
        "status": outcome.status.value,
        "audio_s": None if summary is None else round(summary.audio_s, 6),
        "time_s": None if summary is None else round(summary.time_s, 4),
        "speed": None if summary is None else round(_speed(outcome), 2),
        "reason": outcome.reason or None,
        "notes": [] if summary is None else list(summary.notes),
    }


def _speed(outcome: Outcome) -> float:
    assert outcome.summary is not None
    return outcome.summary.audio_s / max(outcome.summary.time_s, 1e-9)
