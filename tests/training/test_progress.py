"""Progress of a run, and its learning-rate schedule."""

import math

import pytest

from tfse.training.config import TrainConfig
from tfse.training.progress import Progress


def _rates(config, steps):
    return [Progress(step=step).learning_rate(config) for step in steps]


@pytest.mark.parametrize("schedule", ["constant", "cosine", "plateau"])
def test_warm_up_rises_to_the_learning_rate(schedule):
    config = TrainConfig(learning_rate=1.0, warmup_steps=4, steps=100, schedule=schedule)
    assert _rates(config, range(6)) == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_cosine_holds_and_then_falls_to_zero():
    config = TrainConfig(learning_rate=1.0, warmup_steps=0, steps=8, schedule="cosine")
    expected = [1, 1, 1, 1, 1, *(0.5 + 0.5 * math.cos(math.pi * k / 4) for k in (1, 2, 3, 4))]
    assert _rates(config, range(9)) == pytest.approx(expected)


def test_a_plateau_cuts_the_learning_rate_and_waits_again():
    config = TrainConfig(learning_rate=1.0, warmup_steps=0, plateau_patience=2, plateau_factor=0.1)
    progress, rates = Progress(), []
    for loss in (1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5):
        progress.count_validation(loss, config)
        rates.append(progress.learning_rate(config))
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01, 0.01])


def test_a_fresh_run_has_counted_nothing():
    best = {"best": math.inf, "plateau_best": math.inf, "plateau_scale": 1.0}
    assert Progress().as_dict() == {name: best.get(name, 0) for name in Progress().as_dict()}


def test_an_equal_loss_is_no_better():
    progress, config = Progress(), TrainConfig()
    assert progress.count_validation(1.0, config)
    assert not progress.count_validation(1.0, config)
    assert (progress.best, progress.since_best) == (1.0, 1)


def test_patience_ends_the_run():
    config = TrainConfig(early_stopping_patience=2)
    progress, ends = Progress(), []
    for loss in (1.0, 2.0, 0.5, math.nan, 0.6):
        progress.count_validation(loss, config)
        ends.append(progress.is_at_end(config))
    assert ends == [False, False, False, False, True]
    assert not progress.is_at_end(TrainConfig(early_stopping_patience=0))


def test_bad_steps_count_and_leave_the_mean_alone():
    progress = Progress()
    progress.count_step(1.0, 3.0, bad=False, overflow=False)
    progress.count_step(math.nan, math.inf, bad=True, overflow=False)
    progress.count_step(2.0, math.inf, bad=True, overflow=True)
    assert (progress.step, progress.bad_steps, progress.bad_in_a_row) == (3, 1, 1)
    progress.count_step(3.0, 5.0, bad=False, overflow=False)
    assert (progress.bad_steps, progress.bad_in_a_row) == (1, 0)
    assert progress.take_means() == {"loss": 2.0, "gradient_norm": 4.0}
    assert all(math.isnan(mean) for mean in progress.take_means().values())
