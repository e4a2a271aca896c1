"""Means and how sure they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

#: Which speaker, noise recording or room each value belongs to.
Labels = Sequence[str | None]

RESAMPLES = 2_000
CONFIDENCE = 0.95
#: With fewer values there is no interval: resampling them says nothing.
FEWEST = 5
# So many drawn values are in memory at once.
_BLOCK = 1 << 21


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A mean over files.

    Attributes:
        n: files with a value.
        of: files that there are.
        mean: None without any value.
        low: lower end of the 95 % interval, None for fewer than 5 values.
        high: its upper end.
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

    The interval is that of a percentile bootstrap over files, widened by how much the
    standard error grows where files of one speaker, noise recording or room are not
    independent of each other.

    The draws depend on the seed and the number of values alone, so neither the
    order of metrics nor other systems in the report change an interval.

    Args:
        values: finite, one per file.
        of: files that there are, with those that have no value.
        seed: of the draws.
        clusters: for speakers, noise recordings and so on, the label of each value;
            None or "" for one that shares nothing with others.

    Source:
        Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13;
        Cameron, Gelbach and Miller, "Robust inference with multiway clustering", Journal
        of Business and Economic Statistics 29(2), 2011, equation 2.13, where we take
        files for the intersections of clusters.
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
    """Returns how many clusters there are; files without a label are none."""
    return len(set(filter(None, labels)))


def _widening(residuals: npt.NDArray[np.float64], clusters: Sequence[Labels]) -> float:
    """Returns the standard error with clusters over that with independent files, 1 at least."""
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
    # A single cluster tells nothing of how clusters differ.
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
