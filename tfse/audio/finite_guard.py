"""Stops what is no sound before it reaches a resampler or a recurrent state."""

from __future__ import annotations

import numpy as np

from tfse.errors import AudioError, ConfigError
from tfse.types import Samples

ON_INVALID = ("raise", "zero")
# Above this the power of a frame of 512 samples comes near the end of float32,
# and one such frame would leave a recurrent state infinite for good.
MAX_MAGNITUDE = 1e12
#: Floats that reach this are integers that nobody divided by their full scale.
INTEGER_PEAK = 100.0


class FiniteGuard:
    """Refuses or silences samples that are NaN, infinite or beyond 1e12.

    Args:
        on_invalid: "raise" an error that names the position, or "zero".

    Raises:
        ConfigError: `on_invalid` is neither of the two.
    """

    def __init__(self, on_invalid: str = "raise") -> None:
        if on_invalid not in ON_INVALID:
            raise ConfigError(f"`on_invalid` must be one of {ON_INVALID}; received {on_invalid!r}.")
        self._zero = on_invalid == "zero"

    def __call__(self, samples: Samples, position: int) -> Samples:
        """Returns the samples, all of them finite.

        Args:
            samples: `[streams, samples]`.
            position: in its stream, of the first of them.

        Raises:
            AudioError: tells the first bad value, its position and its stream.
        """
        # The comparison is false for NaN too.
        valid = np.abs(samples) <= MAX_MAGNITUDE
        if valid.all():
            return samples
        if self._zero:
            return np.where(valid, samples, np.float32(0))
        offset, stream = np.argwhere(~valid.T)[0]
        raise AudioError(
            f"samples must be finite and at most {MAX_MAGNITUDE:g} in magnitude; received "
            f"{samples[stream, offset]} at sample {position + offset} of channel {stream}."
        )
