"""Many recordings, one after another or side by side; a bad one never ends the others."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import signal
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext
from types import FrameType

from tfse.audio.file_source import DamagedError
from tfse.errors import TfseError
from tfse.files import TakenError
from tfse.streaming.array_enhancement import opened
from tfse.streaming.batch.outcome import Existing, Order, Outcome, Status
from tfse.streaming.batch.plan import Task
from tfse.streaming.file_enhancement import enhance_to, require_free
from tfse.streaming.options import PIPE
from tfse.streaming.sample_flow import Progress
from tfse.streaming.steps.base import Step
from tfse.terminal import os_error_line


def run_batch(
    tasks: Sequence[Task], order: Order, progress: Progress | None = None
) -> Iterator[Outcome]:
    """Enhances recordings and gives their outcomes, each when it is known.

    Args:
        tasks: from `plan`.
        order: model, options and the number of processes.
        progress: is told the seconds of audio that were done.

    Raises:
        ModelError: the model cannot be opened; nothing was done then.
    """
    step = opened(order.model)
    if order.jobs == 1 or len(tasks) == 1:
        return (attempt(task, step, order, progress) for task in tasks)
    return _side_by_side(tasks, order, progress)


def attempt(task: Task, step: Step, order: Order, progress: Progress | None = None) -> Outcome:
    """Enhances one recording; whatever goes wrong with it is its outcome."""
    existing = [path for path in task.targets.all() if path != PIPE and path.exists()]
    if existing and order.existing is not Existing.OVERWRITE:
        skip = order.existing is Existing.SKIP
        status = Status.SKIPPED if skip else Status.KEPT
        return Outcome(task, status, reason=f"{existing[0]} exists")
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
        return Outcome(task, Status.KEPT, reason=_line(error))
    except Exception as error:
        # Not the errors of tfse alone: decoders meet bytes that nobody foresaw,
        # and the recordings after this one have a right to be enhanced.
        return Outcome(task, Status.FAILED, reason=_line(error))
    return Outcome(task, Status.DONE, summary)


def _line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return os_error_line(error)
    text = " ".join(str(error).split())
    if isinstance(error, DamagedError):
        return f"{text}; --on_damage=keep keeps what comes before"
    return text if isinstance(error, TfseError) else f"{type(error).__name__}: {text}"


def _interrupted(number: int, frame: FrameType | None) -> None:
    """Handles a signal as Ctrl-C, once: what is half-written is then removed in peace."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _side_by_side(
    tasks: Sequence[Task], order: Order, progress: Progress | None
) -> Iterator[Outcome]:
    """Runs rounds until all is done; after a process died, one task at a time."""
    jobs = min(order.jobs, len(tasks))
    while tasks:
        left = yield from _round(tasks, order, jobs, progress)
        if left and jobs == 1:
            # The tasks of a single process begin in order: it was the first.
            yield Outcome(left[0], Status.FAILED, reason="the process died while working on it")
            left = left[1:]
        tasks, jobs = left, 1


def _round(
    tasks: Sequence[Task], order: Order, jobs: int, progress: Progress | None
) -> Generator[Outcome, None, list[Task]]:
    """Returns the tasks whose end is unknown because a process died."""
    unknown = []
    pool = concurrent.futures.ProcessPoolExecutor(jobs, _context(), _begin, (order,))
    try:
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


def _context() -> BaseContext:
    """Returns how processes start: from one that has imported TensorFlow and done nothing yet."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _interrupt(pool: concurrent.futures.Executor) -> None:
    pool.shutdown(wait=False, cancel_futures=True)
    for child in multiprocessing.active_children():
        if child.pid is not None:
            os.kill(child.pid, signal.SIGINT)
    pool.shutdown()


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_process: tuple[Step, Order] | None = None


def _begin(order: Order) -> None:
    """Prepares a process of the pool: one core, one model, deaf to Ctrl-C between tasks."""
    global _process
    _between_tasks()
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    _process = opened(order.model), order


def _work(task: Task) -> Outcome:
    assert _process is not None
    step, order = _process
    for number in _ENDING:
        signal.signal(number, _interrupted)
    try:
        return attempt(task, step, order)
    finally:
        _between_tasks()


def _between_tasks() -> None:
    """Lets the parent decide on Ctrl-C and SIGHUP, which its whole group receives."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
