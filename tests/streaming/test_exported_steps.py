from __future__ import annotations

import pathlib
import shutil
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.streaming.exports import Delay, export_saved_model, export_tflite
from tests.streaming.tiny_streams import identity, lstm, lstm_step, noise
from tfse.errors import ModelError
from tfse.streaming import StreamingEnhancer, open_step
from tfse.streaming.steps.base import Step
from tfse.streaming.steps.saved_model import SavedModelStep
from tfse.streaming.steps.signature import EXTRA_ASSETS, METADATA_FILE, signature_name
from tfse.types import Samples


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return export_saved_model(lstm(), tmp_path_factory.mktemp("saved") / "lstm" / "1")


@pytest.fixture(scope="module")
def tflite(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")
    return export_tflite(tmp_path_factory.mktemp("lite") / "delay.tflite")


def streamed(step: Step, samples: Samples, size: int) -> Samples:
    enhancer = StreamingEnhancer(step, samples.shape[0])
    parts = [enhancer.process(samples[:, i : i + size]) for i in range(0, samples.shape[1], size)]
    return np.concatenate([*parts, enhancer.flush()], axis=1)


@pytest.mark.parametrize("size", [7, 256, 1000])
def test_a_saved_model_equals_its_keras_model(saved_model: pathlib.Path, size: int) -> None:
    samples = noise(3001, 2).T
    got = streamed(SavedModelStep(saved_model), samples, size)
    np.testing.assert_allclose(got, streamed(lstm_step(), samples, size), atol=1e-5)


def test_the_newest_version_is_used(saved_model: pathlib.Path, tmp_path: pathlib.Path) -> None:
    shutil.copytree(saved_model, tmp_path / "9")
    export_saved_model(identity(), tmp_path / "10")
    samples = noise(1000)[np.newaxis]
    step = open_step(tmp_path, trust_saved_model=True)
    np.testing.assert_allclose(streamed(step, samples, 300), samples, atol=1e-6)


def test_a_saved_model_of_others_is_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ModelError, match="must be a SavedModel; received"):
        open_step(tmp_path, trust_saved_model=True)
    tf.saved_model.save(tf.Module(), str(tmp_path))
    with pytest.raises(ModelError, match="has no readable tfse metadata"):
        open_step(tmp_path, trust_saved_model=True)
    (tmp_path / EXTRA_ASSETS).mkdir()
    metadata = tmp_path / EXTRA_ASSETS / METADATA_FILE
    metadata.write_text('{"sample_rate": 0, "hop_length": 1, "latency_samples": 0}')
    with pytest.raises(ModelError, match="`sample_rate` in the metadata of a model must be"):
        open_step(tmp_path, trust_saved_model=True)
    metadata.write_text('{"sample_rate": 1, "hop_length": 1, "latency_samples": 0}')
    with pytest.raises(ModelError, match=r"lacks the signatures \['initial_state', 'step'\]"):
        open_step(tmp_path, trust_saved_model=True)


def test_a_damaged_saved_model_is_refused(
    saved_model: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    shutil.copytree(saved_model, tmp_path / "1")
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"no protobuf")
    with pytest.raises(ModelError, match="TensorFlow cannot read the SavedModel"):
        open_step(tmp_path, trust_saved_model=True)


@pytest.mark.parametrize("size", [1, 16, 100])
def test_a_tflite_file_streams(tflite: pathlib.Path, size: int) -> None:
    samples = noise(200, 3).T
    blocks = np.pad(samples, ((0, 0), (0, 8))).reshape(3, -1, Delay.HOP)
    earlier = np.cumsum(blocks, axis=1) - blocks
    wanted = (blocks + 0.1 * earlier).reshape(3, -1)[:, :200]
    np.testing.assert_allclose(streamed(open_step(tflite), samples, size), wanted, atol=1e-5)


def test_a_tflite_file_of_others_is_refused(tflite: pathlib.Path, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "other.tflite"
    with pytest.raises(ModelError, match="a TFLite model must be a file; received"):
        open_step(path)
    path.write_bytes(tflite.read_bytes()[:500])
    with pytest.raises(ModelError, match="has no readable tfse metadata"):
        open_step(path)
    content = tflite.read_bytes()
    path.write_bytes(bytes(400) + content[400:])
    with pytest.raises(ModelError, match="has no usable signature `step`"):
        open_step(path)


def test_without_litert_one_line_says_so(
    tflite: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(ModelError, match="pip install ai-edge-litert"):
        open_step(tflite)


def test_the_name_of_a_state_keeps_its_parts() -> None:
    assert signature_name("a_0/b/cell") == "a_0__b__cell"
