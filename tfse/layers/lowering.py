"""How layers write themselves for runtimes that know few operations."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator

_active: contextvars.ContextVar[bool] = contextvars.ContextVar("tfse_lowering", default=False)


@contextlib.contextmanager
def lowering() -> Iterator[None]:
    """While it is entered, layers are traced for a device.

    Device runtimes (LiteRT, LiteRT.js) have no complex numbers, no inverse
    transform and no fast loop, and they count each operation. A layer whose
    usual form needs one of these has a second way to write the *same numbers*:
    the battery in `tests/contracts.py` holds both ways equal. The number of
    frames must be known while the model is traced.

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
    """Returns whether `lowering` is entered."""
    return _active.get()
