"""Worker processes that end with their parent and ignore Ctrl-C."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol, TypeVar

from tfse import interrupts
from tfse.errors import DataError

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class ParallelMap(Protocol):
    """Map of a function over items, in order, in several processes."""

    def __call__(self, function: Callable[[_In], _Out], items: Iterable[_In]) -> Iterator[_Out]:
        """Returns the results in the order of the items."""


def available_cores() -> int:
    """Returns the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def one_by_one(function: Callable[[_In], _Out], items: Iterable[_In]) -> Iterator[_Out]:
    """Returns the results of a function, computed in this process."""
    return map(function, items)


@contextlib.contextmanager
def parallel_map(jobs: int) -> Iterator[ParallelMap]:
    """Runs worker processes for the duration of the block; one job needs none.

    Raises:
        DataError: a worker died, for lack of memory or in a decoder.
    """
    if jobs == 1:
        yield one_by_one
        return
    context = multiprocessing.get_context("spawn")
    pool = futures.ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_worker)

    def in_workers(function: Callable[[_In], _Out], items: Iterable[_In]) -> Iterator[_Out]:
        # Workers start while items are submitted.
        with interrupts.blocked():
            return pool.map(function, items, chunksize=4)

    try:
        yield in_workers
    except BrokenProcessPool as error:
        raise DataError(f"A worker process died: {error}") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    # The parent alone handles Ctrl-C, with one line. A worker whose parent was killed must
    # not wait for work forever.
    interrupts.ignore()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
