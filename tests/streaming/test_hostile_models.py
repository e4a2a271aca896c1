"""Hostile model files: refused in one line, before they cost memory or run."""

from __future__ import annotations

import json
import pathlib
import tracemalloc
import zipfile

import numpy as np
import pytest

import tfse
from tests.streaming.exports import Delay, export_saved_model, export_tflite, metadata
from tests.streaming.tiny_streams import identity
from tfse.errors import ModelError
from tfse.models import load
from tfse.streaming import enhance, open_step
from tfse.streaming.steps.signature import METADATA_FILE, saved_model_metadata, tflite_metadata
from tfse.streaming.steps.trust import TrustedFolder

GOOD = {"sample_rate": 16_000, "hop_length": 256, "latency_samples": 256}


def archive(path: pathlib.Path, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> pathlib.Path:
    path.write_bytes(b"TFL3 before the archive")
    with zipfile.ZipFile(path, "a", method) as written:
        written.writestr(METADATA_FILE, content)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_metadata_that_unpacks_to_a_large_size_is_not_unpacked(
    method: int, tmp_path: pathlib.Path
) -> None:
    padded = json.dumps(GOOD).encode() + b" " * (64 << 20)
    path = archive(tmp_path / "bomb.tflite", padded, method)
    del padded
    tracemalloc.start()
    with pytest.raises(ModelError, match=r"has no readable tfse metadata \(.*, ValueError\)"):
        tflite_metadata(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


def test_metadata_of_a_folder_is_read_up_to_a_limit(tmp_path: pathlib.Path) -> None:
    (tmp_path / "assets.extra").mkdir()
    path = tmp_path / "assets.extra" / METADATA_FILE
    path.write_bytes(json.dumps(GOOD).encode() + b" " * (1 << 17))
    with pytest.raises(ModelError, match="has no readable tfse metadata"):
        saved_model_metadata(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sample_rate", 0),
        ("sample_rate", 10**9),
        ("hop_length", 2**40),
        ("hop_length", 256.0),
        ("latency_samples", -1),
        ("latency_samples", True),
        ("latency_samples", "256"),
        ("hop_length", None),
    ],
)
def test_a_value_out_of_its_range_is_named(
    name: str, value: object, tmp_path: pathlib.Path
) -> None:
    path = archive(tmp_path / "odd.tflite", json.dumps({**GOOD, name: value}).encode())
    with pytest.raises(ModelError, match=rf"`{name}` in the metadata .* whole number from .* to"):
        tflite_metadata(path)


@pytest.mark.parametrize("content", [b"[" * 50_000, b'{"sample_rate": 1e999', b"[]", b"\xff"])
def test_invalid_json_is_refused(content: bytes, tmp_path: pathlib.Path) -> None:
    with pytest.raises(ModelError, match="has no readable tfse metadata"):
        tflite_metadata(archive(tmp_path / "odd.tflite", content))


def test_a_block_that_does_not_fit_the_hop_is_refused(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")
    path = export_tflite(tmp_path / "delay.tflite")
    content = path.read_bytes()
    with zipfile.ZipFile(path) as found:
        model = content[: found.infolist()[0].header_offset]
    path.write_bytes(model)
    with zipfile.ZipFile(path, "a") as written:
        written.writestr(METADATA_FILE, metadata(16_000, Delay.HOP + 1, Delay.HOP))
    with pytest.raises(ModelError, match=r"a multiple of 17 samples\]; received \[1, 16\]"):
        open_step(path)


def test_a_keras_file_that_unpacks_to_a_large_size_is_not_unpacked(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as written:
        for name in ("metadata.json", "config.json", "model.weights.h5"):
            written.writestr(name, b" " * (8 << 20))
    with pytest.raises(ModelError, match=r"unpacks to 25,.*, more than 10 times its size"):
        load(path)


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return export_saved_model(identity(), tmp_path_factory.mktemp("saved") / "1")


def test_a_saved_model_is_code_and_needs_trust(saved_model: pathlib.Path) -> None:
    noisy = np.zeros(512, np.float32)
    for refused in (
        lambda: open_step(saved_model),
        lambda: open_step(str(saved_model)),
        lambda: enhance(noisy, 16_000, saved_model),
        lambda: tfse.enhance_file("noisy.wav", "enhanced.wav", saved_model),
    ):
        with pytest.raises(ModelError, match=r"--trust_saved_model \(in Python trust_saved"):
            refused()
    assert open_step(saved_model, trust_saved_model=True).hop_length == 256
    assert open_step(TrustedFolder(saved_model)).hop_length == 256
    assert enhance(noisy, 16_000, saved_model, trust_saved_model=True).shape == (512,)
