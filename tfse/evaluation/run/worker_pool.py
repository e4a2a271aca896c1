"""Worker pool: processes that measure recordings, replaced when they die."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator
from multiprocessing import connection
from multiprocessing.connection import Connection
from types import TracebackType

from tfse import interrupts
from tfse.errors import ModelError
from tfse.evaluation.results import Row, faulty
from tfse.evaluation.run import worker
from tfse.evaluation.run.worker import Done, LoadFailure, Ready, Setup, Task

# Memory of the metrics per second of audio, and the share that all processes may use.
_MB_PER_S = 4.0
_SHARE_OF_MEMORY = 0.5
_SMALLEST_MB = 2_000.0


@dataclasses.dataclass
class _Process:
    process: multiprocessing.process.BaseProcess
    connection: Connection
    task: Task | None = None
    ready: bool = False


class Pool:
    """Pool of processes for tasks; a context manager that ends them.

    A process that dies is replaced, and the row that it was measuring is a fault. Long
    recordings are measured in parallel only as far as memory allows.

    Args:
        setup: models and scorers of every process.
        jobs: largest number of processes.
    """

    def __init__(self, setup: Setup, jobs: int) -> None:
        self._setup = setup
        self._jobs = jobs
        self._processes: list[_Process] = []
        self._budget_mb = max(_SMALLEST_MB, _SHARE_OF_MEMORY * _available_mb())
        #: What each process has loaded, in the order of their first answers.
        self.loads: list[Ready] = []

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Row | Done]]:
        """Yields every answer with its task.

        Raises:
            TfseError: a model or scorer cannot be loaded.
        """
        queue = _TaskQueue(tasks)
        while True:
            self._hand_out(queue)
            busy = {p.connection: p for p in self._processes if p.task is not None}
            if not busy:
                return
            for ready in connection.wait(list(busy)):
                assert isinstance(ready, Connection)
                yield from self._answers(busy[ready], queue)

    def _hand_out(self, queue: _TaskQueue) -> None:
        while (task := queue.first()) is not None and self._has_room(task):
            idle = next((p for p in self._processes if p.task is None), None)
            if idle is None and len(self._processes) == self._jobs:
                return
            process = idle or self._started()
            process.task = queue.take()
            # A process that has just died is detected when its answer is read.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                process.connection.send(task)

    def _has_room(self, task: Task) -> bool:
        running = [p.task for p in self._processes if p.task is not None]
        need = sum(_MB_PER_S * t.recording.seconds for t in (*running, task))
        return not running or need <= self._budget_mb

    def _answers(self, process: _Process, queue: _TaskQueue) -> Iterator[tuple[Task, Row | Done]]:
        task = process.task
        assert task is not None
        try:
            answer = process.connection.recv()
        except (EOFError, OSError):
            yield from self._replace_dead(process, task, queue)
            return
        if isinstance(answer, LoadFailure):
            raise answer.error
        if isinstance(answer, Ready):
            process.ready = True
            self.loads.append(answer)
            return
        if isinstance(answer, Done):
            process.task = None
        else:
            process.task = dataclasses.replace(task, systems=task.systems[1:])
        yield task, answer

    def _replace_dead(
        self, process: _Process, task: Task, queue: _TaskQueue
    ) -> Iterator[tuple[Task, Row | Done]]:
        """Removes a dead process; the systems that it had not started go to another."""
        self._processes.remove(process)
        process.connection.close()
        process.process.join()
        end = _end_of(process.process.exitcode)
        if not process.ready:
            raise ModelError(f"the process that loads the models died ({end}).")
        if task.wants_sounds or not task.systems:
            yield task, Done()
            return
        system, *rest = task.systems
        yield task, faulty(task.recording, system, f"the process that measured it died ({end})")
        if rest:
            queue.put_back(dataclasses.replace(task, systems=tuple(rest)))
        else:
            yield task, Done()

    def _started(self) -> _Process:
        # Not forked, as TensorFlow's threads do not survive a fork.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=worker.main, args=(theirs, self._setup), daemon=True)
        with _environment(worker.one_thread()), interrupts.blocked():
            process.start()
        # Closed here, so that the connection ends with the process.
        theirs.close()
        self._processes.append(_Process(process, ours))
        return self._processes[-1]

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            process.connection.close()
            if error is not None or process.task is not None:
                process.process.kill()
            process.process.join()
        self._processes = []


class _TaskQueue:
    """Queue of tasks, which are made only when a process is free."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._rest = iter(tasks)
        self._first: collections.deque[Task] = collections.deque()

    def first(self) -> Task | None:
        if not self._first:
            self._first.extend(task for task in [next(self._rest, None)] if task is not None)
        return self._first[0] if self._first else None

    def take(self) -> Task:
        return self._first.popleft()

    def put_back(self, task: Task) -> None:
        self._first.appendleft(task)


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Sets the environment that processes inherit in the block."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _end_of(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {-code}, {signal.Signals(-code).name}"
    return f"exit code {code}"


def _available_mb() -> float:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (ValueError, OSError, AttributeError):
        # Not every system provides it.
        return _SMALLEST_MB
