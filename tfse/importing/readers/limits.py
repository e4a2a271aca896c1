"""Limits for files from elsewhere, whose declared sizes may not be true."""

from __future__ import annotations

import dataclasses

from tfse.errors import ModelError

# A training checkpoint of the largest model, with two moments per parameter, has 400 MB.
MAX_BYTES = 1 << 30
# That of a large model with its optimizer has 2 MB.
MAX_PICKLE_BYTES = 1 << 24
MAX_PICKLE_OPERATIONS = 2_000_000
# Of names of arrays, and of keys of dicts; longer ones only take time.
MAX_NAME = 1024
MAX_ARRAYS = 100_000
# Of containers in containers.
MAX_DEPTH = 16
MAX_AXES = 8
MAX_TEXT_BYTES = 1 << 20
MAX_FILES = 10_000


class TooLargeError(ModelError):
    """Error: what was read so far leaves no room for the rest."""


@dataclasses.dataclass
class Budget:
    """Bytes that may still be read from a source.

    Attributes:
        left: number of bytes.
    """

    left: int = MAX_BYTES

    def spend(self, size: int) -> None:
        """Subtracts bytes.

        Raises:
            TooLargeError: fewer are left.
        """
        if size > self.left:
            raise TooLargeError(f"it holds more than {MAX_BYTES >> 20} MB, the most that is read.")
        self.left -= size
