"""Warm starts: weights that are copied, and the report."""

import numpy as np
import pytest

from tests import instances
from tfse.errors import ConfigError, ModelError
from tfse.models import build
from tfse.training.run_folder import save_model
from tfse.training.warm_start import load_source


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "source.keras"
    save_model(build(instances.tiny_lstm_irm(predict_log_power=True)), path)
    return str(path)


def test_weights_of_the_same_path_and_shape_are_taken_over(source):
    config = instances.tiny_lstm_irm()
    config.units = (12, 9)
    model = build(config)
    before = {w.path: np.asarray(w) for w in model.weights}
    report = load_source(source).copy_to(model)
    assert {path.split("/")[0] for path in report.loaded} == {"standardization", "lstm_0", "mask"}
    assert [path for path in report.loaded if path.startswith("mask")] == ["mask/bias"]
    assert {line.split("/")[0] for line in report.other_shape} == {"lstm_1", "mask"}
    assert report.missing == []
    assert {path.split("/")[0] for path in report.unused} == {"clean_log_power"}
    changed = [w.path for w in model.weights if not np.array_equal(w, before[w.path])]
    assert set(changed) <= set(report.loaded) and "lstm_0/lstm/lstm_cell/kernel" in changed
    assert str(report).startswith(f"{len(report.loaded)} of 10 weights are loaded from")
    assert "only in the source: clean_log_power/kernel" in str(report)


def _report(tmp_path, ours, theirs):
    path = tmp_path / "theirs.keras"
    save_model(build(theirs), path)
    return load_source(str(path)).copy_to(build(ours))


def test_gates_that_are_not_alike_are_told(tmp_path):
    sigmoid, hard = instances.tiny_dpcrn(), instances.tiny_dpcrn("keras2_hard_sigmoid")
    report = _report(tmp_path, sigmoid, hard)
    assert not report.other_shape and not report.missing and not report.unused
    assert report.settings == [
        f"dual_path_{block} recurrent_activation: sigmoid, there keras2_hard_sigmoid"
        for block in (0, 1)
    ]
    assert "different setting: dual_path_0 recurrent_activation" in str(report)


def test_windows_epsilons_and_masks_that_are_not_alike_are_told(tmp_path):
    ours = instances.tiny_fastenhancer(epsilon=1e-4)
    theirs = instances.tiny_fastenhancer(window="sine", compression=0.5)
    lines = _report(tmp_path, ours, theirs).settings
    assert "stft window: hann, there sine" in lines
    assert "inverse_stft window: hann, there sine" in lines
    assert "compression exponent: 0.3, there 0.5" in lines
    assert "encoder_0_norm epsilon: 0.0001, there 1e-05" in lines
    lines = _report(
        tmp_path, ours, instances.tiny_fastenhancer(epsilon=1e-4, mask="polar")
    ).settings
    assert lines == ["expansion: not there", "polar_mask: only there"]


@pytest.mark.parametrize("config", [instances.tiny_dpcrn(), instances.tiny_fastenhancer()])
def test_a_model_has_the_settings_of_its_file(config, tmp_path):
    assert _report(tmp_path, config, config).settings == []


def test_what_is_no_model_is_said_and_nothing_is_no_model():
    with pytest.raises(ModelError, match="nowhere"):
        load_source("nowhere")
    assert load_source("") is None


def test_a_narrower_model_is_widened_whole(tmp_path):
    path = tmp_path / "narrow.keras"
    narrow = build(instances.tiny_dpcrn())
    save_model(narrow, path)
    config = instances.tiny_dpcrn()
    config.filters, config.time_units = (4, 8, 12), 9
    model = build(config)
    report = load_source(str(path), widens=True).copy_to(model)
    assert len(report.loaded) == len(model.weights) and not report.other_shape
    assert (
        str(report)
        == f"{len(model.weights)} of {len(model.weights)} weights are loaded from {path}, widened."
    )
    x = instances.random(1, 20 * 32)
    np.testing.assert_allclose(np.asarray(model(x)), np.asarray(narrow(x)), atol=1e-5)


def test_widening_needs_a_model_to_widen():
    with pytest.raises(ConfigError, match="--init_from is missing"):
        load_source("", widens=True)
