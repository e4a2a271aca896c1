"""Ends a training when the machine is wanted back: SIGTERM, then a checkpoint."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any


class Terminated(Exception):
    """The training was asked to stop, and has kept all it needs to go on."""


class StopSignal:
    """Knows whether SIGTERM has come.

    Attributes:
        came: whether it has.
    """

    def __init__(self) -> None:
        self.came = False

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Notes the signal while it is entered, rather than die of it."""
        # Python gives signals to the main thread alone.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before: Any = signal.signal(signal.SIGTERM, self._note)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.came = True
