"""Recordings of the page: their files, jobs and lifetime."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import pathlib
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator

from tfse.web.enhancement import Enhanced, Result
from tfse.web.file_names import safe_suffix, shown_name
from tfse.web.job_queue import Job, JobQueue, JobState

_BUSY = (JobState.WAITING, JobState.RUNNING)


@dataclasses.dataclass
class Recording:
    """Uploaded recording.

    Attributes:
        key: random name of the recording in addresses.
        name: as the user knows it; never used as a path.
        folder: of all its files.
        job: the newest; None before the first.
        enhanced: once a model has run.
        result: the newest result file, once there is one.
        last_used: time of its last request, in seconds.
        users: requests that read or write its files at this moment.
    """

    key: str
    name: str
    folder: pathlib.Path
    job: Job | None = None
    enhanced: Enhanced | None = None
    result: Result | None = None
    last_used: float = 0.0
    users: int = 0

    @property
    def source(self) -> pathlib.Path:
        """File of the recording."""
        return self.folder / f"source{safe_suffix(self.name)}"

    @property
    def is_busy(self) -> bool:
        """Whether a job waits or runs, or a request is in progress."""
        return self.users > 0 or (self.job is not None and self.job.state in _BUSY)


class Recordings:
    """Recordings by key; a context manager that refuses new ones after its end.

    Args:
        folder: receives one folder per recording.
        jobs: their queue.
        keep_s: lifetime after the last use, in seconds.
        clock: returns seconds; replaced in tests.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        jobs: JobQueue,
        keep_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._jobs = jobs
        self._keep_s = keep_s
        self._clock = clock
        self._lock = threading.Lock()
        self._recordings: dict[str, Recording] = {}
        self._closed = threading.Event()
        self._sweeper = threading.Thread(target=self._sweep, name="sweeper")

    def add(self, sent_name: str) -> Recording:
        """Creates the folder of a new recording.

        Raises:
            OSError: the folder cannot be created, or the program ends.
        """
        key = secrets.token_urlsafe(12)
        recording = Recording(key, shown_name(sent_name), self._folder / key)
        with self._lock:
            if self._closed.is_set():
                raise ConnectionAbortedError
            recording.folder.mkdir()
            recording.last_used = self._clock()
            self._recordings[key] = recording
        return recording

    @contextlib.contextmanager
    def using(self, recording: Recording) -> Iterator[None]:
        """Keeps a recording from expiring meanwhile."""
        with self._lock:
            recording.users += 1
        try:
            yield
        finally:
            with self._lock:
                recording.users -= 1
                recording.last_used = self._clock()

    def find(self, key: str) -> Recording | None:
        """Returns a recording; None for an unknown or expired one."""
        with self._lock:
            recording = self._recordings.get(key)
            if recording is not None:
                recording.last_used = self._clock()
        return recording

    def start(self, recording: Recording, job: Job) -> None:
        """Queues a job for a recording, in place of an unfinished one."""
        self.stop(recording)
        recording.job = job
        self._jobs.submit(job)

    def stop(self, recording: Recording) -> None:
        """Cancels the jobs of a recording; its files stay."""
        self._jobs.cancel(recording.key)

    def remove(self, recording: Recording) -> None:
        """Cancels the jobs of a recording and removes all its files."""
        with self._lock:
            self._recordings.pop(recording.key, None)
        remove = functools.partial(shutil.rmtree, recording.folder, ignore_errors=True)
        self._jobs.cancel(recording.key, remove)

    def remove_expired(self) -> None:
        """Removes the recordings whose lifetime is over."""
        oldest = self._clock() - self._keep_s
        with self._lock:
            found = [r for r in self._recordings.values() if not r.is_busy and r.last_used < oldest]
        for recording in found:
            self.remove(recording)

    def _sweep(self) -> None:
        while not self._closed.wait(min(30.0, self._keep_s / 4)):
            self.remove_expired()

    def __enter__(self) -> Recordings:
        self._sweeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._closed.set()
        self._sweeper.join()
