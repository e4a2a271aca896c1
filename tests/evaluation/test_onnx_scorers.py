from __future__ import annotations

import dataclasses
import pathlib

import numpy as np
import pytest

from tests.evaluation.small_sets import RATE, Pairs
from tfse.errors import ConfigError
from tfse.evaluation.run.onnx_scorers import scorer_files
from tfse.evaluation.run_evaluation import Order, evaluate
from tfse.evaluation.sources.recordings import Sound
from tfse.evaluation.sources.systems import NOISY, System
from tfse.metrics import MetricNotApplicable, MetricUndefined

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

DNSMOS_SAMPLES = 144_160


def write_scorer(
    path: pathlib.Path,
    samples: int | None,
    weights: list[float],
    rate: int | None = None,
    bias: float = 0.0,
) -> pathlib.Path:
    """Writes a network that returns the mean magnitude, times each weight, plus a bias."""
    helper = onnx.helper
    values = np.array(weights, np.float32)
    nodes = [
        helper.make_node("Abs", ["input_1"], ["magnitude"]),
        helper.make_node("ReduceMean", ["magnitude"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["mean", "weights"], ["scaled"]),
        helper.make_node("Add", ["scaled", "bias"], ["score"]),
    ]
    graph = helper.make_graph(
        nodes,
        "scorer",
        [helper.make_tensor_value_info("input_1", onnx.TensorProto.FLOAT, [1, samples or "n"])],
        [helper.make_tensor_value_info("score", onnx.TensorProto.FLOAT, [1, len(weights)])],
        [
            onnx.numpy_helper.from_array(values[np.newaxis], "weights"),
            onnx.numpy_helper.from_array(np.array([bias], np.float32), "bias"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    if rate is not None:
        helper.set_model_props(model, {"sample_rate": str(rate)})
    onnx.save(model, str(path))
    return path


def constant(seconds: float, value: float, rate: int = RATE) -> Sound:
    return Sound(np.full(round(seconds * rate), value, np.float32), rate)


def test_dnsmos_is_calibrated_as_its_authors_do(tmp_path: pathlib.Path) -> None:
    path = write_scorer(tmp_path / "sig_bak_ovr.onnx", DNSMOS_SAMPLES, [8.0, 16.0, 24.0])
    (file,) = scorer_files(str(path), [])
    found = file.open()(constant(9.01, 0.125))
    # Raw scores 1, 2 and 3.
    assert found == {
        "dnsmos_sig": pytest.approx(-0.08397278 + 1.22083953 + 0.0052439, abs=1e-5),
        "dnsmos_bak": pytest.approx(4 * -0.13166888 + 2 * 1.60915514 - 0.39604546, abs=1e-5),
        "dnsmos_ovrl": pytest.approx(9 * -0.06766283 + 3 * 1.11546468 + 0.04602535, abs=1e-5),
    }


def test_segments_are_those_of_dnsmos(tmp_path: pathlib.Path) -> None:
    path = write_scorer(tmp_path / "sig_bak_ovr.onnx", DNSMOS_SAMPLES, [8.0, 16.0, 24.0])
    (file,) = scorer_files(str(path), [])
    scorer = file.open()
    rng = np.random.default_rng(0)
    for seconds in (3.0, 8.0, 9.01, 20.5):
        samples = rng.uniform(-1, 1, round(seconds * RATE)).astype(np.float32)
        # As in dnsmos_local.py: doubled up to the length, then scored every second.
        audio = samples
        while len(audio) < DNSMOS_SAMPLES:
            audio = np.append(audio, audio)
        hops = int(np.floor(len(audio) / RATE) - 9.01) + 1
        parts = [audio[n * RATE : int((n + 9.01) * RATE)] for n in range(hops)]
        raw = [8 * np.abs(p).mean() for p in parts if len(p) >= DNSMOS_SAMPLES]
        wanted = np.mean(np.polyval([-0.08397278, 1.22083953, 0.0052439], raw))
        assert scorer(Sound(samples, RATE))["dnsmos_sig"] == pytest.approx(wanted, abs=1e-4)


def test_another_file_of_fixed_length_scores_every_second(tmp_path: pathlib.Path) -> None:
    path = write_scorer(tmp_path / "s.onnx", 2 * RATE, [1.0])
    (file,) = scorer_files(None, [str(path)])
    samples = np.repeat(np.float32([0.125, 0.25, 0.5, 1.0]), RATE)
    # The segments from 0, 1 and 2 s; the remainder is in none.
    wanted = np.mean([0.1875, 0.375, 0.75])
    found = file.open()(Sound(np.append(samples, np.float32([1.0] * 99)), RATE))
    assert found == {"s_score": pytest.approx(wanted)}


def test_any_length_any_number_of_scores_and_another_rate(tmp_path: pathlib.Path) -> None:
    path = write_scorer(tmp_path / "mine.onnx", None, [1.0, 2.0], rate=8000)
    (file,) = scorer_files(None, [str(path)])
    scorer = file.open()
    assert scorer.names == ("mine_score_0", "mine_score_1")
    found = scorer(constant(0.3, 0.5, 8000))
    assert found == {"mine_score_0": pytest.approx(0.5), "mine_score_1": pytest.approx(1.0)}
    with pytest.raises(MetricNotApplicable, match=r"mine\.onnx needs 8000 Hz; received 16000"):
        scorer(constant(1.0, 0.5))


def test_what_is_not_finite_has_no_score(tmp_path: pathlib.Path) -> None:
    path = write_scorer(tmp_path / "mine.onnx", None, [1.0])
    (file,) = scorer_files(None, [str(path)])
    with pytest.raises(MetricUndefined, match="the estimate must be finite"):
        file.open()(constant(1.0, np.nan))
    path = write_scorer(tmp_path / "bad.onnx", None, [1.0], bias=np.inf)
    (file,) = scorer_files(None, [str(path)])
    with pytest.raises(MetricUndefined, match=r"bad\.onnx must return finite scores"):
        file.open()(constant(1.0, 0.5))


def test_files_of_another_kind_are_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="must be an ONNX file; received"):
        scorer_files("no.onnx", [])
    (tmp_path / "x.onnx").write_bytes(b"nothing of the kind")
    (file,) = scorer_files(None, [str(tmp_path / "x.onnx")])
    with pytest.raises(ConfigError, match=r"must be an ONNX file; .*x\.onnx"):
        file.open()
    path = write_scorer(tmp_path / "two.onnx", DNSMOS_SAMPLES, [1.0, 2.0])
    (file,) = scorer_files(str(path), [])
    with pytest.raises(ConfigError, match=r"must return SIG, BAK and OVRL; .* returns 2 values"):
        file.open()
    with pytest.raises(ConfigError, match="must have different names"):
        scorer_files(str(path), [str(tmp_path / "deep" / "two.onnx")])


def test_scores_and_hashes_are_in_the_report(tmp_path: pathlib.Path) -> None:
    path = write_scorer(tmp_path / "mine.onnx", None, [1.0])
    files = scorer_files(None, [str(path)])
    order = Order(Pairs(1), [System(NOISY)], tmp_path / "out", files, worst=0)
    report = evaluate(order)
    (recording,) = Pairs(1).recordings([0])
    assert isinstance(recording.noisy, Sound)
    found = report["figures"]["means"][NOISY]["mine_score"]
    assert found["mean"] == pytest.approx(np.abs(recording.noisy.samples).mean(), abs=1e-6)
    assert report["hashes"] == {"mine.onnx": files[0].sha256}
    other = dataclasses.replace(files[0], sha256="another")
    with pytest.raises(ConfigError, match=r"scorers\.mine\.onnx was"):
        evaluate(dataclasses.replace(order, scorers=[other]))
