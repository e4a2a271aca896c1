"""Sensitive layers: measured at export, and kept float32."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import tfse
from tests.exporting.test_tflite import snr_db
from tests.exporting.tiny_exports import tiny, voice
from tfse.exporting import sensitive_layers
from tfse.exporting.metadata import read_from_tflite
from tfse.exporting.sensitive_layers import Layer, product_layers, sensitive
from tfse.exporting.tflite import export_tflite
from tfse.exporting.verification.recordings import at_level, voice_at_levels
from tfse.models import EnhancementModel
from tfse.streaming import open_step

pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")
pytest.importorskip("ai_edge_quantizer", reason="ai-edge-quantizer is not installed")


def layers_of(model: EnhancementModel, folder: pathlib.Path) -> dict[str, Layer]:
    (exported,) = export_tflite(model, folder, ["float32"])
    return product_layers(exported.path)


@pytest.mark.parametrize("name", ["dpcrn", "fastenhancer_polar", "lstm_irm", "demucs"])
def test_every_product_has_the_path_of_its_layer(name: str, tmp_path: pathlib.Path) -> None:
    model = tiny(name)
    found = layers_of(model, tmp_path)
    names = {layer.name for layer in model.layers}
    if "core" in names:
        names = {layer.name for layer in model.get_layer("core").layers}
    for path, layer in found.items():
        assert path.split("/")[0] in names, path
        assert layer.weights > 0


def test_unrolled_steps_share_their_weights(tmp_path: pathlib.Path) -> None:
    layers = layers_of(tiny("dpcrn"), tmp_path)
    (blstm,) = (layer for name, layer in layers.items() if name.endswith("0/frequency"))
    model = tiny("dpcrn")
    frequency = model.get_layer("core").get_layer("dual_path_0").frequency
    assert len(blstm.scopes) > 4
    assert blstm.weights == sum(w.numpy().size for w in frequency.trainable_variables)


def test_the_most_sensitive_layers_stay_as_long_as_they_are_small() -> None:
    layers = {"large": Layer((), 800), "a": Layer((), 60), "b": Layer((), 50), "c": Layer((), 30)}
    layers["good"] = Layer((), 60)
    snr_db = {"large": 20.0, "b": 45.0, "a": 30.0, "c": 54.9, "good": 55.0}
    # A tenth of 1,000 weights: b no longer fits beside a, c does.
    assert sensitive(snr_db, layers) == {"a": 30.0, "c": 54.9}
    assert list(sensitive({"a": 40.0, "c": 30.0}, layers)) == ["c", "a"]


def test_an_output_that_is_not_finite_is_as_bad_as_can_be() -> None:
    signal = voice(0.1)
    assert sensitive_layers._snr_db(signal, signal * np.nan) == -120.0
    assert sensitive_layers._snr_db(signal, signal) == 120.0


def test_signals_are_few_and_short() -> None:
    waveforms = [voice(3.0, seed) for seed in range(30)]
    chosen = sensitive_layers.signals(waveforms, 16_000)
    assert [signal.size for signal in chosen] == [32_000] * 8
    assert (chosen[0] == waveforms[0][:32_000]).all()
    assert (chosen[-1] == waveforms[-1][:32_000]).all()
    assert len(sensitive_layers.signals(waveforms[:1], 16_000)) == 1


@pytest.mark.parametrize("number_format", ["dynamic", "int8"])
def test_a_sensitive_layer_stays_float32_and_is_named(
    number_format: str, tmp_path: pathlib.Path
) -> None:
    calibration = [at_level(voice(0.5, seed), -25.0) for seed in (1, 2)]
    (exported,) = export_tflite(tiny(), tmp_path, [number_format], calibration=calibration)
    assert exported.float32_layers
    assert all(snr < sensitive_layers.LEAST_SNR_DB for snr in exported.float32_layers.values())
    described = read_from_tflite(exported.path)
    assert described["float32_layers"] == list(exported.float32_layers)
    for name, alone_db in exported.float32_layers.items():
        assert f"{name} ({alone_db:.1f} dB)" in str(exported)


def test_a_large_sensitive_layer_finds_its_range_in_every_step(tmp_path: pathlib.Path) -> None:
    # Linear magnitudes: the first LSTM of DTLN receives those of all levels, and is large.
    quiet, loud = (at_level(voice(0.5, 1), level_dbfs) for level_dbfs in (-60.0, -5.0))
    model = tiny("dtln")
    exported = export_tflite(model, tmp_path, ["int8", "dynamic"], calibration=[quiet, loud])
    fixed, dynamic = (outcome.run_time_layers for outcome in exported)
    assert fixed
    assert not dynamic
    assert all(snr < sensitive_layers.LEAST_FIXED_SNR_DB for snr in fixed.values())
    assert not set(fixed) & set(exported[0].float32_layers)
    assert read_from_tflite(exported[0].path)["run_time_layers"] == list(fixed)
    wanted = tfse.enhance(quiet, 16_000, model)
    got = tfse.enhance(quiet, 16_000, open_step(exported[0].path))
    # With fixed ranges alone it is below 0 dB.
    assert snr_db(wanted, got) > 20


def test_without_mixtures_a_voice_at_three_levels_stands_for_them() -> None:
    quiet, middle, loud = voice_at_levels(16_000)
    assert (abs(quiet).max(), abs(middle).max(), abs(loud).max()) == pytest.approx(
        (abs(loud).max() / 100, abs(loud).max() / 10, abs(loud).max()), rel=1e-4
    )
    again = voice_at_levels(16_000)
    assert all(
        (one == other).all() for one, other in zip((quiet, middle, loud), again, strict=True)
    )
