"""Input features that several models share."""

from __future__ import annotations

from tfse.layers import AppendChannel, LogPower, Standardization
from tfse.types import Tensor


def with_log_power(x: Tensor, spectrum: Tensor) -> Tensor:
    """Appends the standardized log power of every bin to a map of features.

    Args:
        x: `[batch, frames, bins, channels]`.
        spectrum: `[batch, frames, bins, 2]`.

    Returns:
        `[batch, frames, bins, channels + 1]`.
    """
    log_power = LogPower(name="log_power")(spectrum)
    log_power = Standardization(name="standardization")(log_power)
    return AppendChannel(name="features")(x, log_power)
