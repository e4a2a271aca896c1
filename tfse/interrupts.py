"""Interrupts: Ctrl-C while worker processes start, and in them."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from multiprocessing import resource_tracker

_SIGNALS = (signal.SIGINT, signal.SIGHUP)


@contextlib.contextmanager
def blocked() -> Iterator[None]:
    """Blocks Ctrl-C and SIGHUP in the block, and in processes that are started in it.

    A whole process group receives them, and a process that is still starting would print a
    traceback. In this process they are delivered at the end of the block; a started process
    calls `ignore`.
    """
    # Its start would unblock the signals.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def ignore() -> None:
    """Leaves Ctrl-C and SIGHUP to the parent; for processes that were started in `blocked`."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
