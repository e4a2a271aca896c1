"""Guard against NaN, infinite and huge samples before resampling and recurrent states."""

from __future__ import annotations

import numpy as np

from tfse.errors import AudioError, ConfigError
from tfse.types import Samples

ON_INVALID = ("raise", "zero")
# Above this the power of a frame of 512 samples approaches the float32 limit, and one
# such frame would make a recurrent state infinite permanently.
MAX_MAGNITUDE = 1e12
#: Floats with this peak are integers that were not divided by their full scale.
INTEGER_PEAK = 100.0


class FiniteGuard:
    """Guard that rejects or zeroes samples that are NaN, infinite or beyond 1e12.

    Args:
        on_invalid: "raise" an error with the position, or "zero" the sample.

    Raises:
        ConfigError: `on_invalid` is unknown.
    """

    def __init__(self, on_invalid: str = "raise") -> None:
        if on_invalid not in ON_INVALID:
            raise ConfigError(f"`on_invalid` must be one of {ON_INVALID}; received {on_invalid!r}.")
        self._zero = on_invalid == "zero"

    def __call__(self, samples: Samples, position: int) -> Samples:
        """Returns the samples, all finite.

        Args:
            samples: `[streams, samples]`.
            position: index of the first sample in its stream.

        Raises:
            AudioError: a sample is invalid; names its value, position and stream.
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
