"""Refusals of hostile and damaged files: whatever they raise becomes one short `ModelError`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

from tfse.errors import ModelError, TfseError
from tfse.terminal import one_line

# Of a message; names in a file can be of any length.
_LONGEST = 1000


@contextlib.contextmanager
def refusing(message: str) -> Iterator[None]:
    """Turns any exception on contents of a file into a `ModelError`.

    Libraries that read files document few of the exceptions that damaged ones cause. Errors of
    tfse pass, and so does a package that is not installed.

    Args:
        message: of the error, in place of the library's own.

    Raises:
        ModelError: something else was raised.
    """
    try:
        yield
    except (TfseError, ImportError):
        raise
    except Exception as error:
        raise ModelError(message) from error


def short(message: object) -> str:
    """Returns a message of one line, with its middle left out if it is long."""
    text = one_line(str(message))
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]} ... {text[-half:]}"


def listed(names: Iterable[str], shown: int = 5) -> str:
    """Returns the first names, joined by commas, and how many more there are."""
    found = list(names)
    more = f" and {len(found) - shown} more" if len(found) > shown else ""
    return ", ".join(found[:shown]) + more
