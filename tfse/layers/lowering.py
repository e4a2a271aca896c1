"""How layers write themselves for runtimes that know few operations."""

from __future__ import annotations

import contextvars
from types import TracebackType

_active: contextvars.ContextVar[bool] = contextvars.ContextVar("tfse_lowering", default=False)


class Lowering:
    """While it is entered, layers are traced for a device.

    Device runtimes (LiteRT, LiteRT.js) have no complex numbers, no inverse
    transform and no fast loop, and they count each operation. A layer whose
    usual form needs one of these has a second way to write the *same numbers*:
    the battery in `tests/contracts.py` holds both ways equal. The number of
    frames must be known while the model is traced.

    Example:
        >>> with Lowering():
        ...     block_out, state = stream_step(model, block, state)
    """

    def __enter__(self) -> Lowering:
        """Begins to lower what this thread or task traces."""
        self._token = _active.set(True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends it."""
        _active.reset(self._token)


def is_lowering() -> bool:
    """Returns whether a `Lowering` is entered."""
    return _active.get()
