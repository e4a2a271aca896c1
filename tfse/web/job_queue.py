"""Job queue: one thread that runs jobs in order, with progress and cancellation."""

from __future__ import annotations

import enum
import sys
import threading
from collections.abc import Callable

from tfse.errors import TfseError
from tfse.terminal import one_line


class JobState(enum.Enum):
    """State of a job, by the name that the page receives."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Cancelled(Exception):
    """Signal inside a job: nobody needs its result."""


class Job:
    """Work on one recording.

    Args:
        owner: key of the recording.
        kind: name that the page receives.
        work: receives the job, to report its progress; may raise `Cancelled`.

    Attributes:
        state: see `JobState`.
        done_s: processed audio, in seconds.
        total_s: length of the recording; 0 if unknown.
        error: one line, once it has failed.
    """

    def __init__(self, owner: str, kind: str, work: Callable[[Job], None]) -> None:
        self.owner = owner
        self.kind = kind
        self.state = JobState.WAITING
        self.done_s = self.total_s = 0.0
        self.error = ""
        self._work = work
        self._cancelled = threading.Event()

    def check(self) -> None:
        """Ends a cancelled job.

        Raises:
            Cancelled: it is cancelled.
        """
        if self._cancelled.is_set():
            raise Cancelled

    def advance(self, seconds: float) -> None:
        """Adds to the progress; ends a cancelled job."""
        self.check()
        self.done_s += seconds

    def cancel(self) -> None:
        """Makes the job end at its next progress."""
        self._cancelled.set()

    def run(self) -> None:
        """Works, and keeps the error."""
        try:
            self.check()
            self._work(self)
            self.state = JobState.DONE
        except Exception as error:
            self.error = error_line(error)
            self.state = JobState.FAILED


class JobQueue:
    """Queue of jobs, of which one runs at a time; a context manager that cancels all at its end."""

    def __init__(self) -> None:
        self._waiting: list[Job] = []
        self._running: Job | None = None
        self._on_end: list[Callable[[], None]] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="jobs")

    def submit(self, job: Job) -> None:
        """Appends a job."""
        with self._changed:
            self._waiting.append(job)
            self._changed.notify()

    def ahead(self, job: Job) -> int:
        """Returns the number of jobs before this one."""
        with self._changed:
            if job not in self._waiting:
                return 0
            return self._waiting.index(job) + (self._running is not None)

    def cancel(self, owner: str, on_end: Callable[[], None] | None = None) -> None:
        """Cancels the jobs of a recording.

        Args:
            owner: key of the recording.
            on_end: called as soon as none of them runs, which may be at once.
        """
        with self._changed:
            running = self._running is not None and self._running.owner == owner
            if self._running is not None and running:
                self._running.cancel()
            self._waiting = [job for job in self._waiting if job.owner != owner]
            if running and on_end is not None:
                self._on_end.append(on_end)
        if not running and on_end is not None:
            on_end()

    def _run(self) -> None:
        while (job := self._next()) is not None:
            job.run()
            with self._changed:
                self._running = None
                on_end, self._on_end = self._on_end, []
            for call in on_end:
                call()

    def _next(self) -> Job | None:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting) or self._closed)
            if self._closed:
                return None
            self._running = self._waiting.pop(0)
            self._running.state = JobState.RUNNING
            return self._running

    def __enter__(self) -> JobQueue:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._closed = True
            if self._running is not None:
                self._running.cancel()
            self._changed.notify()
        # A job that still ran could write into the folder that is removed next.
        self._thread.join()


def error_line(error: Exception) -> str:
    """Returns an error as one line for the user; an unexpected one is named on standard error."""
    if isinstance(error, TfseError):
        return one_line(str(error))
    if isinstance(error, OSError):
        # Without the name of a temporary file.
        return (error.strerror or type(error).__name__).lower()
    if isinstance(error, ModuleNotFoundError):
        return f"the model needs {error.name}, which is not installed"
    if isinstance(error, Cancelled):
        return "cancelled"
    print(one_line(f"tfse-web: {type(error).__name__}: {error}"), file=sys.stderr)
    return f"internal error: {type(error).__name__}"
