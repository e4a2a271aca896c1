"""Errors of metrics: undefined for a pair, or not applicable to it."""

from __future__ import annotations

from tfse.errors import TfseError


class MetricUndefined(TfseError, ValueError):
    """Error of a metric that has no value for a pair; the message is the reason."""


class MetricNotApplicable(MetricUndefined):
    """Error of a metric that is not defined for a valid pair.

    Examples are another sample rate, a recording that is too long, or a copy of the
    reference, which has no distortion.
    """
