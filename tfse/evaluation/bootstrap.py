"""Means and how sure they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

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


def estimate(values: Sequence[float], of: int, seed: int) -> Estimate:
    """Returns the mean and its percentile bootstrap interval over files.

    The draws depend on the seed and the number of values alone, so neither the
    order of metrics nor other systems in the report change an interval.

    Args:
        values: finite, one a file.
        of: files that there are, with those that have no value.
        seed: of the draws.

    Source:
        Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
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
    return Estimate(n, of, mean, float(low), float(high))


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
