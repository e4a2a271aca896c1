"""Batch run: enhances recordings in one or several processes; a failure ends only its own task."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import signal
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext
from types import FrameType

from tfse import interrupts
from tfse.audio.file_source import DamagedError
from tfse.errors import TfseError
from tfse.files import TakenError
from tfse.streaming.array_enhancement import open_cached
from tfse.streaming.batch.outcome import Existing, Order, Outcome, Status
from tfse.streaming.batch.plan import Task
from tfse.streaming.enhance_source import Progress
from tfse.streaming.file_enhancement import enhance_to, require_free
from tfse.streaming.options import PIPE
from tfse.streaming.steps.base import Step
from tfse.terminal import os_error_line


def run_batch(
    tasks: Sequence[Task], order: Order, progress: Progress | None = None
) -> Iterator[Outcome]:
    """Enhances recordings and yields each outcome as soon as it is known.

    Args:
        tasks: from `plan`.
        order: model, options and the number of processes.
        progress: receives the seconds of audio enhanced.

    Raises:
        ModelError: the model cannot be opened; no recording is enhanced then.
    """
    step = open_cached(order.model, engine=order.engine)
    if order.jobs == 1 or len(tasks) == 1:
        return (attempt(task, step, order, progress) for task in tasks)
    return _run_parallel(tasks, order, type(step).__module__, progress)


def attempt(task: Task, step: Step, order: Order, progress: Progress | None = None) -> Outcome:
    """Enhances one recording; an error becomes its outcome."""
    existing = [path for path in task.targets.all() if path != PIPE and path.exists()]
    if existing and order.existing is not Existing.OVERWRITE:
        skip = order.existing is Existing.SKIP
        status = Status.SKIPPED if skip else Status.KEPT
        return Outcome(task, status, reason=f"{existing[0]} already exists")
    try:
        require_free(task.targets, overwrite=True)
        summary = enhance_to(
            task.source,
            task.targets,
            step,
            order.options,
            progress,
            overwrite=order.existing is Existing.OVERWRITE,
        )
    except TakenError as error:
        return Outcome(task, Status.KEPT, reason=_reason(error))
    except Exception as error:
        # Decoders raise unforeseen errors on damaged files, and the other recordings
        # of the batch must still be enhanced.
        return Outcome(task, Status.FAILED, reason=_reason(error))
    return Outcome(task, Status.DONE, summary)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return os_error_line(error)
    text = " ".join(str(error).split())
    if isinstance(error, DamagedError):
        return f"{text}; --on_damage=keep keeps the samples before it"
    return text if isinstance(error, TfseError) else f"{type(error).__name__}: {text}"


def _raise_interrupt(number: int, frame: FrameType | None) -> None:
    """Handles a signal as Ctrl-C, once: the removal of partial files is not interrupted."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _run_parallel(
    tasks: Sequence[Task], order: Order, module: str, progress: Progress | None
) -> Iterator[Outcome]:
    """Runs rounds until all tasks are done; after a process has died, one task at a time.

    `module` is that of the step, which may import TensorFlow.
    """
    jobs = min(order.jobs, len(tasks))
    while tasks:
        left = yield from _round(tasks, order, jobs, module, progress)
        if left and jobs == 1:
            # A single process starts its tasks in order: the first one killed it.
            yield Outcome(left[0], Status.FAILED, reason="the process died while working on it")
            left = left[1:]
        tasks, jobs = left, 1


def _round(
    tasks: Sequence[Task], order: Order, jobs: int, module: str, progress: Progress | None
) -> Generator[Outcome, None, list[Task]]:
    """Yields outcomes; returns the tasks without outcome because a process died."""
    unknown = []
    pool = concurrent.futures.ProcessPoolExecutor(jobs, _context(module), _initialize, (order,))
    try:
        with interrupts.blocked():
            futures = {pool.submit(_work, task): task for task in tasks}
        for future in concurrent.futures.as_completed(futures):
            try:
                outcome = future.result()
            except BrokenProcessPool:
                unknown.append(futures[future])
                continue
            if progress is not None and outcome.summary is not None:
                progress(outcome.summary.audio_s)
            yield outcome
    except BaseException:
        _interrupt(pool)
        raise
    pool.shutdown()
    return [task for task in tasks if task in unknown]


def _context(module: str) -> BaseContext:
    """Returns a fork server whose processes start with the step's module imported; else spawn."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, module])
    return context


def _interrupt(pool: concurrent.futures.Executor) -> None:
    pool.shutdown(wait=False, cancel_futures=True)
    for process in multiprocessing.active_children():
        if process.pid is not None:
            os.kill(process.pid, signal.SIGINT)
    pool.shutdown()


_END_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_process: tuple[Step, Order] | None = None


def _initialize(order: Order) -> None:
    """Prepares a process of the pool: one core, one model, Ctrl-C ignored between tasks."""
    global _process
    _ignore_interrupts()
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    _process = open_cached(order.model, engine=order.engine), order


def _work(task: Task) -> Outcome:
    assert _process is not None
    step, order = _process
    for number in _END_SIGNALS:
        signal.signal(number, _raise_interrupt)
    try:
        return attempt(task, step, order)
    finally:
        _ignore_interrupts()


def _ignore_interrupts() -> None:
    """Leaves Ctrl-C and SIGHUP, which the whole process group receives, to the parent."""
    interrupts.ignore()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
