"""Averaged weights of models."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import tfse
from tests import instances
from tfse.errors import ConfigError, ModelError
from tfse.models import EnhancementModel, build
from tools import average_weights
from tools.average_weights import averaged


def model(value: float) -> EnhancementModel:
    """Returns a model whose weights are all one value."""
    found = build(instances.tiny_fastenhancer())
    for weight in found.weights:
        weight.assign(np.full(weight.shape, value))
    return found


def test_every_weight_is_the_weighted_mean() -> None:
    found = averaged([model(1.0), model(2.0), model(6.0)], (0.5, 0.25, 0.25))
    for weight in found.weights:
        np.testing.assert_allclose(weight, 2.5, rtol=1e-6)


def test_the_program_writes_a_model(tmp_path: pathlib.Path) -> None:
    paths = [tmp_path / name for name in ("one.keras", "two.keras", "mean.keras")]
    model(1.0).save(paths[0])
    model(2.0).save(paths[1])
    average_weights.main(
        [f"--models={paths[0]},{paths[1]}", "--shares=0.25,0.75", f"--output={paths[2]}"]
    )
    for weight in tfse.load(paths[2]).weights:
        np.testing.assert_allclose(weight, 1.75, rtol=1e-6)


@pytest.mark.parametrize("shares", [(0.5,), (0.5, 0.6)])
def test_shares_must_fit(shares: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="a number for each of 2 models and sum to 1"):
        averaged([model(1.0), model(2.0)], shares)


@pytest.mark.parametrize("settings", [{"channels": 6}, {"compression": 0.5}])
def test_models_of_other_configs_are_refused(settings: dict[str, object]) -> None:
    other = build(instances.tiny_fastenhancer(**settings))
    with pytest.raises(ModelError, match="must have one config; tiny_fastenhancer differs"):
        averaged([model(1.0), other], (0.5, 0.5))


def test_bad_input_is_one_line(tmp_path: pathlib.Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        average_weights.main(["--models=absent.keras", "--shares=1", f"--output={tmp_path}/x"])
    assert "absent.keras" in str(stopped.value) and "\n" not in str(stopped.value)
    assert not list(tmp_path.iterdir())
