"""Shipped models on LiteRT and on Keras: equal results, and no TensorFlow with LiteRT."""

from __future__ import annotations

import concurrent.futures
import functools
import pathlib

import numpy as np
import pytest
import soundfile

import tfse
from tests.cli.programs import run_python
from tests.streaming.tiny_streams import identity
from tfse import pretrained
from tfse.errors import ConfigError, ModelError
from tfse.exporting.metadata import read_from_tflite, weights_hash
from tfse.streaming import KerasStep, StreamingEnhancer, open_step
from tfse.streaming.steps.tflite import TFLiteStep
from tfse.types import Samples

pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")

ROOT = pathlib.Path(__file__).parents[2]
NOISY = ROOT / "demo" / "noisy.flac"
# Largest difference of a sample between the engines.
LIMIT = 1e-5

HEAVY = """
import sys
import numpy as np

HEAVY = {"tensorflow", "keras", "librosa", "scipy", "matplotlib", "jax", "torch", "pandas"}

def check():
    found = HEAVY.intersection(sys.modules)
    assert not found, found

"""
USES = {
    "program": """
from tfse.cli import enhance
sys.argv = ["tfse-enhance", {noisy!r}, {output!r}, "--model={name}"]
try:
    enhance.entry_point()
except SystemExit as end:
    assert end.code == 0, end.code
check()
""",
    "enhance": """
import tfse
assert tfse.enhance(np.zeros(8000, np.float32), 16000, {name!r}).shape == (8000,)
check()
""",
    "enhance_file": """
import tfse
tfse.enhance_file({noisy!r}, {output!r}[9:], {name!r})
check()
""",
    "stream": """
from tfse.streaming import StreamingEnhancer, open_step
enhancer = StreamingEnhancer(open_step({name!r}))
enhancer.process(np.zeros(1000, np.float32))
assert enhancer.flush().shape[0] > 0
check()
""",
    "live": """
from tfse.cli import live
from tfse.streaming import open_step
from tfse.streaming.live.live_engine import LiveEngine
step = open_step({name!r}, one_hop=True)
engine = LiveEngine(step, step.hop_length)
assert engine.reading().blocks == 0
check()
""",
}


@pytest.fixture(scope="module")
def noisy() -> Samples:
    samples, _ = soundfile.read(NOISY, dtype="float32")
    return samples


@functools.lru_cache
def litert(name: str) -> TFLiteStep:
    step = open_step(name)
    assert isinstance(step, TFLiteStep)
    return step


@pytest.mark.parametrize("use", USES)
def test_a_shipped_name_imports_no_tensorflow(use: str, tmp_path: pathlib.Path) -> None:
    output = f"--output={tmp_path / 'out.wav'}"
    for name in ("fastenhancer_base", "dpcrn_small") if use == "enhance" else ("lstm_irm",):
        source = USES[use].format(noisy=str(NOISY), output=output, name=name)
        ended = run_python("-c", HEAVY + source)
        assert ended.returncode == 0, ended.stderr
    assert use not in ("program", "enhance_file") or soundfile.info(tmp_path / "out.wav").frames


@pytest.mark.parametrize("name", pretrained.names())
def test_the_engines_are_equal(name: str, noisy: Samples) -> None:
    by_keras = tfse.enhance(noisy, 16_000, name, engine="keras")
    by_litert = tfse.enhance(noisy, 16_000, name, engine="litert")
    assert np.abs(by_keras - by_litert).max() < LIMIT
    assert np.abs(by_keras).max() > 0.01


@pytest.mark.parametrize("name", pretrained.names())
def test_a_stream_by_hops_equals_blocks(name: str, noisy: Samples) -> None:
    step = litert(name)
    enhancer = StreamingEnhancer(step)
    hop = step.hop_length
    pieces = [enhancer.process(noisy[k : k + hop]) for k in range(0, noisy.size, hop)]
    by_hops = np.concatenate([*pieces, enhancer.flush()])
    assert np.abs(by_hops - tfse.enhance(noisy, 16_000, step)).max() < 1e-6


@pytest.mark.parametrize("name", pretrained.names())
def test_the_file_has_the_weights_of_the_keras_file(name: str) -> None:
    path = pretrained.tflite_of(name)
    assert path is not None
    assert read_from_tflite(path)["weights_sha256"] == weights_hash(tfse.load(name))


def test_files_use_blocks_and_a_stream_does_not(noisy: Samples) -> None:
    step = TFLiteStep(pretrained.FOLDER / "dpcrn_small.tflite")
    hop, sizes = step.hop_length, []
    run = step._run
    step._run = lambda inputs: (sizes.append(inputs["noisy"].shape[1]), run(inputs))[1]
    StreamingEnhancer(step).process(noisy[: 28 * hop])
    assert sizes == [25 * hop, hop, hop, hop]


def test_threads_may_share_a_step(noisy: Samples) -> None:
    step = litert("dpcrn_small")
    signals = [noisy[k * 4000 :][:16_000] for k in range(4)]
    alone = [tfse.enhance(signal, 16_000, step) for signal in signals]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda signal: tfse.enhance(signal, 16_000, step), signals))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_engine_that_cannot_run_a_model_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "identity.keras"
    identity().save(path)
    with pytest.raises(ModelError, match="tfse-export makes one"):
        open_step(path, engine="litert")
    with pytest.raises(ModelError, match="which Keras cannot run"):
        open_step(pretrained.FOLDER / "dpcrn_small.tflite", engine="keras")
    with pytest.raises(ConfigError, match="`engine` must be one of"):
        open_step("dpcrn_small", engine="tensorrt")


def test_without_litert_keras_runs_a_shipped_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfse.streaming.steps.open_step._has_litert", lambda: False)
    assert isinstance(open_step("dpcrn_small"), KerasStep)
