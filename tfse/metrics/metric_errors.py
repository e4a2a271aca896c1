"""What is said when a number cannot be had."""

from __future__ import annotations

from tfse.errors import TfseError


class MetricUndefined(TfseError, ValueError):
    """A metric has no value for this pair; the message is the reason."""


class MetricNotApplicable(MetricUndefined):
    """Nothing is wrong with the pair, but the metric is not defined for its like.

    Another sample rate, a recording that is too long, or a copy of the reference,
    which has no distortion.
    """
