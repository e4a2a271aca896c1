"""TFLite files: number formats, metadata, and refusal of files that devices cannot run."""

from __future__ import annotations

import importlib
import json
import pathlib
import signal
import zipfile
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.tools import flatbuffer_utils

import tfse
from tests.exporting.tiny_exports import identity, tiny, voice
from tfse import models
from tfse.errors import ConfigError, ModelError
from tfse.exporting import inspection, number_formats, subprocess_tasks
from tfse.exporting.inspection import operations
from tfse.exporting.metadata import describe, read_from_tflite, weights_hash
from tfse.exporting.tflite import export_tflite, file_name
from tfse.streaming import open_step

pytest.importorskip("ai_edge_quantizer", reason="ai-edge-quantizer is not installed")

CALIBRATION = [voice(0.5, seed) for seed in (1, 2)]
# Output SNR in dB that the random tiny DPCRN reaches in each format, less 6.
LEAST_SNR_DB = {"float32": 100, "float16": 45, "dynamic": 15, "int8": 12, "int16x8": 20}


def snr_db(reference: Any, estimate: Any) -> float:
    error = np.sum(np.square(estimate - reference, dtype=np.float64))
    return float(10 * np.log10(np.sum(np.square(reference, dtype=np.float64)) / error))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pathlib.Path]:
    folder = tmp_path_factory.mktemp("lite")
    exported = export_tflite(tiny(), folder, calibration=CALIBRATION)
    assert [outcome.reason for outcome in exported] == [""] * len(number_formats.FORMATS)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        outcome.path.name for outcome in exported
    ), "nothing but the files may be left"
    return {outcome.number_format: outcome.path for outcome in exported}


@pytest.mark.parametrize("number_format", number_formats.FORMATS)
def test_a_file_does_what_its_model_does(
    files: dict[str, pathlib.Path], number_format: str
) -> None:
    noisy = voice(1.0, 5)
    wanted = tfse.enhance(noisy, 16_000, tiny())
    got = tfse.enhance(noisy, 16_000, open_step(files[number_format]))
    assert snr_db(wanted, got) > LEAST_SNR_DB[number_format]


@pytest.mark.parametrize(
    "name", ["deepfilternet3", "demucs", "dtln", "fastenhancer_polar", "gtcrn", "transformer_irm"]
)
def test_other_models_do_the_same_in_every_format(name: str, tmp_path: pathlib.Path) -> None:
    model = tiny(name)
    noisy = voice(1.0, 5)
    wanted = tfse.enhance(noisy, 16_000, model)
    # Its random weights have wider ranges than two short voices show.
    calibration = [voice(2.0, seed) for seed in range(6)]
    for outcome in export_tflite(model, tmp_path, calibration=calibration):
        assert not outcome.reason
        got = tfse.enhance(noisy, 16_000, open_step(outcome.path))
        assert snr_db(wanted, got) > LEAST_SNR_DB[outcome.number_format]


def test_normalizations_of_fastenhancer_are_folded_into_its_products(
    tmp_path: pathlib.Path,
) -> None:
    config = importlib.import_module("configs.fastenhancer_base").get_config().model
    (outcome,) = export_tflite(models.build(config), tmp_path, ["float32"])
    counts = operations(outcome.path)
    # The aim of the device file, and what is left of 17 normalizations: none.
    assert sum(counts.values()) <= 250
    assert counts["MUL"] < 35


def test_formats_are_what_they_are_called(files: dict[str, pathlib.Path]) -> None:
    from ai_edge_litert.interpreter import Interpreter

    dtypes = {
        name: {str(np.dtype(t["dtype"])) for t in Interpreter(str(path)).get_tensor_details()}
        for name, path in files.items()
    }
    assert not dtypes["float32"] & {"float16", "int8", "int16"}
    assert "float16" in dtypes["float16"]
    assert "int8" in dtypes["dynamic"] & dtypes["int8"]
    assert "int16" in dtypes["int16x8"]
    assert "QUANTIZE" in inspection.operations(files["int8"])
    assert "QUANTIZE" not in inspection.operations(files["dynamic"])


def test_a_file_carries_its_metadata(files: dict[str, pathlib.Path]) -> None:
    described = read_from_tflite(files["int8"])
    assert described["weights_sha256"] == weights_hash(tiny())
    layers = ("float32_layers", "run_time_layers")
    for name in ("weights_sha256", "tfse", "inputs", "outputs", *layers):
        del described[name]
    assert described == {
        "model": "tiny_dpcrn",
        "format": "int8",
        "sample_rate": 16_000,
        "hop_length": 32,
        "frames_per_step": 1,
        "latency_samples": 32,
        "algorithmic_latency_samples": 64,
    }


@pytest.mark.parametrize("number_format", number_formats.FORMATS)
def test_a_host_without_signatures_pairs_states_by_the_order_in_the_metadata(
    files: dict[str, pathlib.Path], number_format: str
) -> None:
    from ai_edge_litert.interpreter import Interpreter

    path = files[number_format]
    described = read_from_tflite(path)
    inputs, outputs = described["inputs"], described["outputs"]
    assert sorted(inputs) == sorted({"noisy", *outputs} - {"enhanced"})
    # As the C API does: tensors by number, of which the file names only some as a model does.
    by_number = Interpreter(str(path), num_threads=1)
    by_number.allocate_tensors()
    entries, exits = by_number.get_input_details(), by_number.get_output_details()
    by_name = Interpreter(str(path), num_threads=1).get_signature_runner("step")
    state = {n: np.zeros(d["shape"], d["dtype"]) for n, d in by_name.get_input_details().items()}
    del state["noisy"]
    for block in voice(0.02, 5).reshape(-1, 32):
        values = {"noisy": block[np.newaxis], **state}
        for name, entry in zip(inputs, entries, strict=True):
            by_number.set_tensor(entry["index"], values[name])
        by_number.invoke()
        got = [by_number.get_tensor(found["index"]) for found in exits]
        wanted = by_name(**values)
        for name, numbers in zip(outputs, got, strict=True):
            np.testing.assert_array_equal(numbers, wanted[name], name)
        state = dict(zip(outputs, got, strict=True))
        del state["enhanced"]


def test_a_sample_waits_as_long_as_the_metadata_says() -> None:
    described = json.loads(describe(tiny(), "float32"))
    hop, delay = described["hop_length"], described["latency_samples"]
    # Sample n comes out with the block that holds sample n + delay, when that is complete.
    waits = [(n + delay) // hop * hop + hop - n for n in range(1000)]
    assert max(waits) == described["algorithmic_latency_samples"]
    assert min(waits) == delay + 1


@pytest.mark.parametrize("name", ["dpcrn", "lstm_irm", "lstm_irm_full_quarter"])
def test_a_block_of_several_frames_is_the_same_stream(name: str, tmp_path: pathlib.Path) -> None:
    model = tiny(name)
    (exported,) = export_tflite(model, tmp_path, ["float32"], frames_per_step=3)
    assert exported.path.name == f"{model.name}_float32_3_frames.tflite"
    assert read_from_tflite(exported.path)["algorithmic_latency_samples"] == (
        model.latency_samples + 3 * model.hop_length
    )
    noisy = voice(0.3, 6)
    got = tfse.enhance(noisy, 16_000, open_step(exported.path))
    np.testing.assert_allclose(got, tfse.enhance(noisy, 16_000, tiny(name)), atol=1e-5)
    assert not {"WHILE", "CUSTOM"} & set(inspection.operations(exported.path))


@pytest.mark.parametrize("number_format", ["float32", "float16"])
def test_a_second_signature_takes_blocks_and_shares_the_weights(
    number_format: str, files: dict[str, pathlib.Path], tmp_path: pathlib.Path
) -> None:
    (outcome,) = export_tflite(tiny(), tmp_path, [number_format], frames_per_block=4)
    assert not outcome.reason
    both, alone = (
        flatbuffer_utils.read_model(str(path)) for path in (outcome.path, files[number_format])
    )
    graphs = {s.signatureKey.decode(): s.subgraphIndex for s in both.signatureDefs}
    assert graphs == {"step": 0, "step_block": 1}, "a host without names runs the first"
    sizes = [
        sum(len(b.data) for b in model.buffers if b.data is not None) for model in (both, alone)
    ]
    assert sizes[0] < 1.2 * sizes[1]
    noisy = voice(1.0, 5)
    by_steps = tfse.enhance(noisy, 16_000, open_step(files[number_format]))
    np.testing.assert_allclose(
        tfse.enhance(noisy, 16_000, open_step(outcome.path)), by_steps, atol=1e-5
    )


@pytest.mark.parametrize("length", [64, 240], ids=["power_of_two", "composite"])
def test_transforms_stay_exact_in_every_format(length: int, tmp_path: pathlib.Path) -> None:
    noisy = voice(1.0, 7)
    for exported in export_tflite(identity(length), tmp_path, calibration=CALIBRATION):
        assert not exported.reason
        assert snr_db(noisy, tfse.enhance(noisy, 16_000, open_step(exported.path))) > 80


def test_weights_make_the_hash() -> None:
    model = tiny()
    before = weights_hash(model)
    assert before == weights_hash(tiny())
    model.weights[-1].assign(model.weights[-1] + 1)
    assert weights_hash(model) != before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"formats": ["float64"]},
            r"`formats` must be some of float32, .*; received \['float64'\]",
        ),
        ({"formats": ["int8"]}, "int8 and int16x8 need a calibration set; received none"),
        ({"frames_per_step": 0, "formats": ["float32"]}, "`frames_per_step` must be 1 or more"),
        (
            {"frames_per_step": 2, "frames_per_block": 3, "formats": ["float32"]},
            "must be a multiple of `frames_per_step`, which is 2; received 3",
        ),
        ({"frames_per_block": 4, "formats": ["dynamic"]}, "must be 0 for formats with 8-bit"),
    ],
)
def test_bad_settings_are_refused_before_any_work(
    arguments: dict[str, Any], message: str, tmp_path: pathlib.Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        export_tflite(tiny(), tmp_path / "new", **arguments)
    assert not (tmp_path / "new").exists()


def test_a_file_that_exists_is_kept(tmp_path: pathlib.Path) -> None:
    path = tmp_path / file_name("tiny_dpcrn", "float32")
    path.write_text("mine")
    with pytest.raises(
        ConfigError, match=r"float32\.tflite already exists; use another output folder"
    ):
        export_tflite(tiny(), tmp_path, ["float32"])
    assert path.read_text() == "mine"


def test_one_dead_converter_costs_one_format(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = subprocess_tasks.run

    def dying(*arguments: Any) -> None:
        if "dynamic" in arguments:
            raise ModelError("quantize: the process was ended by SIGSEGV.")
        real(*arguments)

    monkeypatch.setattr(subprocess_tasks, "run", dying)
    one, other = export_tflite(tiny("lstm_irm"), tmp_path, ["dynamic", "float32"])
    assert "SIGSEGV" in one.reason
    assert not other.reason
    assert [path.name for path in tmp_path.iterdir()] == [other.path.name]


def test_a_child_that_is_killed_says_by_what(monkeypatch: pytest.MonkeyPatch) -> None:
    killed = type("Done", (), {"returncode": -signal.SIGSEGV, "stderr": ""})
    monkeypatch.setattr(subprocess_tasks.subprocess, "run", lambda *a, **k: killed)
    with pytest.raises(ModelError, match="convert: the process was ended by SIGSEGV"):
        subprocess_tasks.run("convert", "a", "b")


def test_a_child_that_fails_says_why(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ModelError, match=r"convert: .*does not exist"):
        subprocess_tasks.run("convert", tmp_path / "nothing", tmp_path / "out.tflite")


class Loop(tf.Module):
    """What a device file must not be: a loop, and a variable."""

    def __init__(self) -> None:
        super().__init__()
        self.total = tf.Variable([[0.0]])

    @tf.function(input_signature=[tf.TensorSpec([1, 1], name="noisy")])
    def loop(self, noisy: Any) -> dict[str, Any]:
        for _ in tf.range(tf.cast(noisy[0, 0], tf.int32)):
            noisy += 1.0
        return {"enhanced": noisy}

    @tf.function(input_signature=[tf.TensorSpec([1, 1], name="noisy")])
    def variable(self, noisy: Any) -> dict[str, Any]:
        return {"enhanced": self.total.assign_add(noisy)}

    @tf.function(input_signature=[tf.TensorSpec([1, 1], name="noisy")])
    def infinite(self, noisy: Any) -> dict[str, Any]:
        return {"enhanced": 1.0 / noisy}


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("loop", r"built-in operations only; received \['WHILE'\]"),
        ("variable", "built-in operations only; received .*'READ_VARIABLE'"),
        ("infinite", "output for silence is not finite in LiteRT's Interpreter: .'enhanced'"),
    ],
)
def test_a_file_that_would_not_run_everywhere_is_refused(
    function: str, message: str, tmp_path: pathlib.Path
) -> None:
    module = Loop()
    signatures = {"step": getattr(module, function)}
    tf.saved_model.save(module, str(tmp_path / "saved"), signatures=signatures)
    # A file that has a signature, as those of the exporter.
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(tmp_path / "saved"), signature_keys=["step"]
    )
    path = tmp_path / "bad.tflite"
    path.write_bytes(converter.convert())
    with pytest.raises(ModelError, match=message):
        inspection.check_tflite(path)


def test_the_metadata_of_two_exports_is_the_same(files: dict[str, pathlib.Path]) -> None:
    with zipfile.ZipFile(files["float32"]) as archive:
        (entry,) = archive.infolist()
    assert entry.filename == "tfse.json"
    assert entry.date_time == (1980, 1, 1, 0, 0, 0), "a date would change the bytes"
