from __future__ import annotations

import pathlib

import numpy as np
import pytest

from tests.streaming.tiny_streams import identity, identity_step
from tfse.errors import ModelError
from tfse.streaming import KerasStep, open_step
from tfse.streaming.steps.tflite import TFLiteStep


def test_a_keras_file_a_model_and_a_step_are_opened(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "identity.keras"
    identity().save(path)
    for model in (path, str(path), identity()):
        step = open_step(model)
        assert isinstance(step, KerasStep)
        assert (step.sample_rate, step.hop_length, step.latency_samples) == (16_000, 256, 256)
    assert open_step(identity_step()) is identity_step()


@pytest.mark.parametrize("model", ["no_such_model", "no/such/model.keras"])
def test_a_model_that_is_not_there_is_refused(model: str) -> None:
    with pytest.raises(ModelError, match=r"must be a \.keras file or one of .*; received '"):
        open_step(model)


def test_something_else_is_refused() -> None:
    with pytest.raises(ModelError, match="received ndarray"):
        open_step(np.zeros(3))  # type: ignore[arg-type]


def test_a_folder_does_not_hide_a_shipped_model(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lstm_irm").mkdir()
    assert isinstance(open_step("lstm_irm"), TFLiteStep)
    assert isinstance(open_step("lstm_irm", engine="keras"), KerasStep)
