"""Experiments of configs/: model and loss of each."""

import importlib
import pathlib

import pytest

from tfse.losses import build_loss
from tfse.models import build

CONFIGS = sorted(path.stem for path in (pathlib.Path(__file__).parents[1] / "configs").glob("*.py"))


def test_experiments_of_the_readme_exist():
    dpcrn = {"dpcrn_large", "dpcrn_medium", "dpcrn_paper", "dpcrn_small"}
    assert dpcrn | {"lstm_irm", "lstm_irm_multitarget"} <= set(CONFIGS)


@pytest.mark.parametrize("name", CONFIGS)
def test_experiment_builds_its_model_and_its_loss(name):
    module = importlib.import_module(f"configs.{name}")
    config = module.get_config()
    config.validate()
    assert config.model.name == name
    build_loss(config.loss, build(config.model))
    assert f"--config=configs/{name}.py" in module.__doc__
