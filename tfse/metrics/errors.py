"""What is said when a number cannot be had."""

from __future__ import annotations

from tfse.errors import TfseError


class MetricUndefined(TfseError, ValueError):
    """A metric has no value for this pair; the message is the reason."""
