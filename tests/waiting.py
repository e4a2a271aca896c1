"""How long tests wait for other processes: a limit for what hangs, not a measure of speed."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Far more than anything here takes on the slowest machine.
HANGS_S = 1200.0
_PAUSE_S = 0.05


def wait_until(condition: Callable[[], bool]) -> None:
    """Returns as soon as the condition holds.

    Raises:
        TimeoutError: it did not within `HANGS_S` seconds.
    """
    end = time.monotonic() + HANGS_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"nothing within {HANGS_S:.0f} s")
        time.sleep(_PAUSE_S)
