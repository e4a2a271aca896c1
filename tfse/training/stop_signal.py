"""Stop signal: SIGTERM, after which a training saves a checkpoint and ends."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any


class Terminated(Exception):
    """The training stopped on request; it can resume from its checkpoint."""


class StopSignal:
    """Flag that SIGTERM sets.

    Attributes:
        received: whether SIGTERM was received.
    """

    def __init__(self) -> None:
        self.received = False

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Records the signal while entered, in place of ending the process."""
        # Python delivers signals to the main thread only.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before: Any = signal.signal(signal.SIGTERM, self._record)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    def _record(self, number: int, frame: FrameType | None) -> None:
        self.received = True
