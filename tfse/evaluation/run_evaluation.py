"""Run of an evaluation, from its recordings to its report."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tfse.evaluation import provenance
from tfse.evaluation.journal import FORMAT, Journal
from tfse.evaluation.report import analysis, excerpts
from tfse.evaluation.report.page import page
from tfse.evaluation.report.per_file import to_csv
from tfse.evaluation.results import Results, Row
from tfse.evaluation.run.onnx_scorers import ScorerFile
from tfse.evaluation.run.worker import Done, Setup, Task
from tfse.evaluation.run.worker_pool import Pool
from tfse.evaluation.sources.recordings import Source
from tfse.evaluation.sources.systems import System
from tfse.files import write_whole

REPORT, TABLE, PAGE = "report.json", "per_file.csv", "report.html"
OUTPUTS = (REPORT, TABLE, PAGE)

#: Called with every finished row; `fresh` is false for rows of an earlier run.
Progress = Callable[[Row, bool], object]


@dataclasses.dataclass(frozen=True)
class Order:
    """Settings of an evaluation.

    Attributes:
        source: recordings.
        systems: systems to compare, in the order of the report.
        scorers: ONNX scorers.
        output_dir: folder of the journal and the report.
        jobs: largest number of processes.
        seed: seed of the bootstrap.
        worst: number of the worst recordings of each system in the report.
        embed_audio: whether the report has players.
        overwrite: starts over, whatever `output_dir` contains.
        command: program and its arguments, for the report.
    """

    source: Source
    systems: Sequence[System]
    output_dir: pathlib.Path
    scorers: Sequence[ScorerFile] = ()
    jobs: int = 1
    seed: int = 0
    worst: int = 10
    embed_audio: bool = True
    overwrite: bool = False
    command: Sequence[str] = ()

    def identity(self) -> dict[str, Any]:
        """Returns everything that rows depend on."""
        return {
            "source": self.source.identity,
            "systems": {system.label: system.sha256 for system in self.systems},
            "scorers": {file.path.name: file.sha256 for file in self.scorers},
            "versions": provenance.versions(),
        }


def evaluate(order: Order, progress: Progress | None = None) -> dict[str, Any]:
    """Measures the rows that are not in the journal and writes the report.

    Args:
        order: settings.
        progress: called with every row.

    Returns:
        The content of `report.json`.

    Raises:
        ConfigError: another evaluation is in `output_dir`.
        TfseError: a model cannot be loaded, or prepared data cannot be read.
        OSError: the report cannot be written.
    """
    began = time.perf_counter()
    with (
        Journal(order.output_dir, order.identity(), order.overwrite) as journal,
        Pool(Setup(order.systems, order.scorers), order.jobs) as pool,
    ):
        known = len(journal.rows)
        for row in journal.rows:
            _notify(progress, row, False)
        if known < order.source.count * len(order.systems):
            # A report of an earlier state would not match the journal.
            for name in OUTPUTS:
                (order.output_dir / name).unlink(missing_ok=True)
        for _, answer in pool.run(_tasks(order, journal.rows)):
            if isinstance(answer, Row):
                journal.add(answer)
                _notify(progress, answer, True)
        results = Results(journal.rows, [system.label for system in order.systems])
        shown = _excerpts(order, results, pool)
        seconds, measured = time.perf_counter() - began, len(journal.rows) - known
        run = provenance.run_of(order.command, order.jobs, seconds, measured, pool.loads)
    report = _report(order, results, run)
    write_whole(order.output_dir / TABLE, to_csv(results))
    # Bytes of names that are not text are shown escaped.
    text = page(report, results, shown, order.embed_audio).encode(errors="backslashreplace")
    write_whole(order.output_dir / PAGE, text)
    # Written last: its presence means that all outputs are complete.
    write_whole(order.output_dir / REPORT, json.dumps(report, allow_nan=False).encode() + b"\n")
    return report


def _notify(progress: Progress | None, row: Row, fresh: bool) -> None:
    if progress is not None:
        progress(row, fresh)


def _tasks(order: Order, rows: Sequence[Row]) -> Iterator[Task]:
    done = {(row.index, row.system) for row in rows}
    labels = [system.label for system in order.systems]
    left = {
        index: tuple(label for label in labels if (index, label) not in done)
        for index in range(order.source.count)
    }
    wanted = {index for index, systems in left.items() if systems}
    for recording in order.source.recordings(wanted):
        yield Task(recording, left[recording.index])


def _excerpts(order: Order, results: Results, pool: Pool) -> list[excerpts.Excerpt]:
    """Returns the excerpts of the report with audio, made by the running processes."""
    chosen = excerpts.chosen(results, order.worst)
    wanted = {excerpt.index for excerpt in chosen}
    labels = tuple(system.label for system in order.systems)
    tasks = (Task(found, labels, wants_sounds=True) for found in order.source.recordings(wanted))
    sounds = {
        task.recording.index: answer.sounds or {}
        for task, answer in pool.run(tasks)
        if isinstance(answer, Done)
    }
    return [dataclasses.replace(one, sounds=sounds.get(one.index, {})) for one in chosen]


def _report(order: Order, results: Results, run: dict[str, Any]) -> dict[str, Any]:
    hashes = {system.label: system.sha256 for system in order.systems if system.sha256}
    hashes |= {file.path.name: file.sha256 for file in order.scorers}
    return {
        "format": FORMAT,
        "run": {**run, "real_time_factor": analysis.real_time_factors(results, order.seed)},
        "systems": results.systems,
        "source": order.source.identity,
        "hashes": hashes,
        "seeds": provenance.seeds(order.seed),
        "versions": provenance.versions(),
        "figures": analysis.figures(results, order.seed),
    }
