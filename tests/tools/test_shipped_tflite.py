"""Rounded weights against the float16 file made of them."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import tfse
from tests import instances
from tfse import models
from tfse.exporting.tflite import export_tflite
from tfse.streaming import open_step
from tools.shipped_tflite import HALF, round_weights

pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")
pytest.importorskip("ai_edge_quantizer", reason="ai-edge-quantizer is not installed")


def test_a_float16_file_is_equal_to_rounded_weights(tmp_path: pathlib.Path) -> None:
    model = instances.MODELS["lstm_irm"]()
    generator = np.random.default_rng(0)
    deviation = model.get_layer("core").get_layer("standardization").deviation
    deviation.assign(generator.uniform(0.5, 3.0, deviation.shape))
    before = _largest_difference(model, tmp_path / "before")
    assert round_weights(model, *HALF["lstm_irm"])
    assert not round_weights(model, *HALF["lstm_irm"]), "rounded weights stay"
    after = _largest_difference(model, tmp_path / "after")
    assert 20 * after < before


def _largest_difference(model: models.EnhancementModel, folder: pathlib.Path) -> float:
    (made,) = export_tflite(model, folder, ["float16"])
    noise = 0.3 * np.random.default_rng(1).standard_normal(4_000).astype(np.float32)
    outputs = [tfse.enhance(noise, 16_000, step) for step in (model, open_step(made.path))]
    return float(np.abs(outputs[0] - outputs[1]).max())
