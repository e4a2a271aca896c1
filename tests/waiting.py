"""Waiting for other processes, with a limit for processes that hang."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Far above the duration of any test on a slow machine.
HANGS_S = 1200.0
_PAUSE_S = 0.05


def wait_until(condition: Callable[[], bool]) -> None:
    """Returns as soon as the condition holds.

    Raises:
        TimeoutError: it does not hold within `HANGS_S` seconds.
    """
    end = time.monotonic() + HANGS_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"the condition does not hold after {HANGS_S:.0f} s")
        time.sleep(_PAUSE_S)
