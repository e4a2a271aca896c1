"""Bootstrap: means with confidence intervals."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

#: Which speaker, noise recording or room each value belongs to.
Labels = Sequence[str | None]

RESAMPLES = 2_000
CONFIDENCE = 0.95
#: Smallest number of values with an interval; resampling fewer is meaningless.
FEWEST = 5
# Largest number of drawn values in memory.
_BLOCK = 1 << 21


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A mean over files.

    Attributes:
        n: number of files with a value.
        of: number of files.
        mean: mean, None without any value.
        low: lower end of the 95 % interval, None for fewer than 5 values.
        high: upper end of the interval.
    """

    n: int
    of: int
    mean: float | None = None
    low: float | None = None
    high: float | None = None


def estimate(
    values: Sequence[float], of: int, seed: int, clusters: Sequence[Labels] = ()
) -> Estimate:
    """Returns the mean and its 95 % interval.

    The interval is that of a percentile bootstrap over files, widened by the increase of
    the standard error if files of one speaker, noise recording or room depend on each
    other.

    The draws depend on the seed and the number of values alone, so that the order of
    metrics and other systems in the report do not change an interval.

    Args:
        values: finite, one per file.
        of: number of files, with those without a value.
        seed: seed of the draws.
        clusters: labels of the values for speakers, noise recordings and so on; None or
            "" for a value that shares nothing with others.

    Source:
        Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13;
        Cameron, Gelbach and Miller, "Robust inference with multiway clustering", Journal
        of Business and Economic Statistics 29(2), 2011, equation 2.13, with files in place
        of the intersections of clusters.
    """
    n = len(values)
    if not n:
        return Estimate(0, of)
    array = np.asarray(values, np.float64)
    mean = float(array.mean())
    if n < FEWEST:
        return Estimate(n, of, mean)
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(_resampled_means(array, seed), [tail, 100 - tail])
    wider = _widening(array - mean, clusters)
    return Estimate(n, of, mean, mean - wider * (mean - low), mean + wider * (high - mean))


def count(labels: Labels) -> int:
    """Returns the number of clusters, without files that have no label."""
    return len(set(filter(None, labels)))


def _widening(residuals: npt.NDArray[np.float64], clusters: Sequence[Labels]) -> float:
    """Returns the ratio of standard errors with clusters and with independent files, at least 1."""
    alone = _variance(residuals, [None] * len(residuals))
    known = [labels for labels in clusters if count(labels)]
    if not alone or not known:
        return 1.0
    together = sum(_variance(residuals, labels) for labels in known) - (len(known) - 1) * alone
    return float(np.sqrt(max(1.0, together / alone)))


def _variance(residuals: npt.NDArray[np.float64], labels: Labels) -> float:
    """Returns the variance of a mean, up to a constant, from the sums of clusters."""
    own = [label or f"\0{number}" for number, label in enumerate(labels)]
    _, numbers = np.unique(own, return_inverse=True)
    sums = np.bincount(numbers, residuals)
    # A single cluster has no variance between clusters.
    return float(np.sum(sums**2) * len(sums) / (len(sums) - 1)) if len(sums) > 1 else 0.0


def _resampled_means(values: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng([seed, len(values)])
    rows = max(1, _BLOCK // len(values))
    means = [
        values[rng.integers(0, len(values), (min(rows, RESAMPLES - done), len(values)))].mean(
            axis=1
        )
        for done in range(0, RESAMPLES, rows)
    ]
    return np.concatenate(means)
