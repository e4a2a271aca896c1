"""Metrics: reference first, estimate second; a number, or the reason why there is none."""

from tfse.metrics.errors import MetricUndefined
from tfse.metrics.intelligibility import stoi
from tfse.metrics.quality import pesq
from tfse.metrics.ratios import si_sdr

__all__ = ["MetricUndefined", "pesq", "si_sdr", "stoi"]
