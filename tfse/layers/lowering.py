"""Lowering of layers to the operations that device runtimes support."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator

_active: contextvars.ContextVar[bool] = contextvars.ContextVar("tfse_lowering", default=False)


@contextlib.contextmanager
def lowering() -> Iterator[None]:
    """Makes layers that are traced inside it use their device implementation.

    Device runtimes (LiteRT, LiteRT.js) have no complex numbers, no inverse Fourier
    transform and no fast loop, and each operation has a cost. A layer that needs one of
    these has a second implementation of the *same function*; the battery in
    `tests/contracts.py` tests that both are equal. The number of frames must be static.

    Example:
        >>> with lowering():
        ...     block_out, state = stream_step(model, block, state)
    """
    token = _active.set(True)
    try:
        yield
    finally:
        _active.reset(token)


def is_lowering() -> bool:
    """Returns whether the caller is inside `lowering`."""
    return _active.get()
