from __future__ import annotations

import numpy as np
import pytest

from tfse.evaluation.report import bootstrap
from tfse.evaluation.report.bootstrap import Estimate, estimate


def test_the_interval_is_that_of_the_normal_distribution_where_that_holds() -> None:
    values = np.random.default_rng(0).normal(3.0, 2.0, 400)
    found = estimate(list(values), 400, seed=1)
    error = 1.96 * values.std() / np.sqrt(400)
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - error, abs=0.03)
    assert found.high == pytest.approx(values.mean() + error, abs=0.03)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for seed in range(300):
        found = estimate(list(rng.exponential(1.0, 60)), 60, seed)
        assert found.low is not None and found.high is not None
        hits += found.low <= 1.0 <= found.high
    assert 0.89 < hits / 300 < 0.98


def test_the_seed_decides() -> None:
    values = list(np.random.default_rng(0).normal(size=20))
    assert estimate(values, 20, 0) == estimate(values, 20, 0)
    assert estimate(values, 20, 0) != estimate(values, 20, 1)


def test_blocks_of_draws_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values = list(np.random.default_rng(0).normal(size=50))
    whole = estimate(values, 50, 0)
    monkeypatch.setattr(bootstrap, "_BLOCK", 500)
    assert estimate(values, 50, 0) == whole


@pytest.mark.parametrize(
    ("values", "wanted"),
    [([], Estimate(0, 7)), ([1.0, 2.0], Estimate(2, 7, 1.5)), ([2.0] * 4, Estimate(4, 7, 2.0))],
)
def test_too_few_values_have_no_interval(values: list[float], wanted: Estimate) -> None:
    assert estimate(values, 7, 0) == wanted


def crossed(seed: int) -> tuple[list[float], list[list[str | None]]]:
    """Returns values with an effect of each of 20 speakers and 30 noises, about a mean of 1."""
    rng = np.random.default_rng(seed)
    speakers, noises = rng.integers(0, 20, 300), rng.integers(0, 30, 300)
    values = 1.0 + rng.normal(0, 0.5, 20)[speakers] + rng.normal(0, 0.5, 30)[noises]
    values += rng.normal(0, 1.0, 300)
    return list(values), [[f"s{n}" for n in speakers], [f"n{n}" for n in noises]]


def test_clusters_are_taken_into_account() -> None:
    hits, naive = 0, 0
    for seed in range(300):
        values, clusters = crossed(seed)
        found, alone = estimate(values, 300, seed, clusters), estimate(values, 300, seed)
        assert found.low is not None and found.high is not None
        assert alone.low is not None and alone.high is not None
        hits += found.low <= 1.0 <= found.high
        naive += alone.low <= 1.0 <= alone.high
    assert 0.9 < hits / 300 < 0.98
    assert naive / 300 < 0.75


@pytest.mark.parametrize(("factors", "wider"), [(1, 1.5275), (2, 1.9149), (3, 2.2361)])
def test_the_widening_is_that_of_the_formula(factors: int, wider: float) -> None:
    # Sums of squares: of files 20 * 8 / 7, of clusters 40 * 4 / 3.
    values = [1.0, 1.0, -1.0, -1.0, 2.0, 2.0, -2.0, -2.0]
    found = estimate(values, 8, 0, [list("aabbccdd")] * factors)
    alone = estimate(values, 8, 0)
    assert found.low is not None and found.high is not None
    assert alone.low is not None and alone.high is not None
    assert found.high / alone.high == pytest.approx(wider, abs=1e-4)
    assert found.low / alone.low == pytest.approx(wider, abs=1e-4)


def test_five_values_have_an_interval_and_equal_ones_none_to_widen() -> None:
    assert estimate([1.0, 2.0, 3.0, 4.0, 5.0], 5, 0).low is not None
    assert estimate([2.0] * 5, 5, 0, [list("aabbc")]) == Estimate(5, 5, 2.0, 2.0, 2.0)


def test_files_that_share_nothing_are_independent() -> None:
    values = list(np.random.default_rng(0).normal(size=50))
    alone = estimate(values, 50, 0)
    nothing: list[str | None] = [None, ""] * 25
    assert estimate(values, 50, 0, [nothing, [str(n) for n in range(50)]]) == alone
    # One cluster tells nothing of how others would differ.
    assert estimate(values, 50, 0, [["a"] * 50]) == alone


def test_clusters_are_counted() -> None:
    assert bootstrap.count(["a", None, "b", "", "a"]) == 2
