"""Programs of `export/`, run as a user does."""

from __future__ import annotations

import json
import pathlib
import subprocess

import keras
import numpy as np
import pytest
import soundfile

import tfse
from tests import instances
from tests.cli.programs import run_python
from tests.data.corpus import settings
from tests.exporting.tiny_exports import ROOT, saved, tiny, voice
from tfse import models
from tfse.data.preparation.prepare import prepare
from tfse.errors import ModelError
from tfse.exporting.number_formats import FORMATS
from tfse.exporting.tflite import export_tflite
from tfse.exporting.verification import variants
from tfse.streaming import open_step

pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")
pytest.importorskip("ai_edge_quantizer", reason="ai-edge-quantizer is not installed")


def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return run_python(ROOT / "export" / program, *arguments)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return saved(tmp_path_factory.mktemp("model"), "lstm_irm")


def test_every_variant_of_a_model_is_verified(
    model: pathlib.Path, prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    report = tmp_path / "deep" / "report"
    ended = run(
        "verify.py", f"--model={model}", f"--data_dir={prepared}", "--count=2", f"--report={report}"
    )
    rows = json.loads(report.with_suffix(".json").read_text())
    assert [row["form"] for row in rows] == [
        *("offline Keras", "streaming Keras", "SavedModel enhance", "SavedModel step"),
        *(f"TFLite {name}" for name in ("dynamic", "float16", "float32", "int16x8", "int8")),
    ]
    assert len(rows) == 4 + len(FORMATS)
    for row in rows[:4]:
        assert row["difference"] < 1e-6, row
    assert all(row["real_time_factor"] > 0 and row["memory_mb"] > 10 for row in rows)
    assert rows[6]["memory_mb"] < rows[0]["memory_mb"] / 2, "a device loads no TensorFlow"
    markdown = report.with_suffix(".md").read_text()
    assert markdown in ended.stdout
    # Whether random weights survive int8 is no matter of this test; the exit code is.
    failed = any(row["failures"] for row in rows)
    assert ended.returncode == int(failed), ended.stderr


def test_tflite_files_are_written_and_verified(model: pathlib.Path, tmp_path: pathlib.Path) -> None:
    ended = run("to_tflite.py", f"--model={model}", f"--output_dir={tmp_path}", "--formats=float32")
    assert ended.returncode == 0, ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["tiny_lstm_irm_float32.tflite"]
    assert "a made-up voice: differences and times only" in ended.stdout
    assert ended.stdout.splitlines()[-1].endswith("| passed |")
    again = run(
        "verify.py", f"--model={saved(tmp_path, 'dpcrn')}", f"--exports={tmp_path}", "--count=1"
    )
    assert again.returncode == 1
    assert "`exports` must hold exports of tiny_dpcrn" in again.stderr


def test_data_without_rooms_is_enough(
    model: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    data = tmp_path / "roomless"
    prepare(settings(corpus, data, rir_dirs=[]))
    flags = (f"--model={model}", f"--output_dir={tmp_path}/lite", f"--data_dir={data}")
    ended = run("to_tflite.py", *flags, "--formats=int8", "--count=1", "--calibration_mixtures=2")
    # Whether random weights keep the limits of int8 is no matter of this test.
    assert ended.returncode in (0, 1)
    assert "Traceback" not in ended.stderr
    for what, split in (("calibration", "training"), ("verification", "validation")):
        assert f"no rooms in its {split} split: {what} does without." in ended.stdout
    assert "| TFLite int8 |" in ended.stdout


def test_the_device_client_gives_what_the_model_gives(tmp_path: pathlib.Path) -> None:
    import tfse

    (exported,) = export_tflite(tiny("lstm_irm"), tmp_path, ["float32"], frames_per_step=2)
    noisy = voice(0.4, 4)
    soundfile.write(tmp_path / "noisy.wav", noisy, 16_000, subtype="PCM_16")
    noisy, _ = soundfile.read(tmp_path / "noisy.wav", dtype="float32")
    files = (exported.path, tmp_path / "noisy.wav", tmp_path / "enhanced.wav")
    ended = run("device/stream_wav.py", *files)
    assert ended.returncode == 0, ended.stderr
    assert "tiny_lstm_irm (float32): 0.40 s of audio, output delay 32 samples" in ended.stdout
    enhanced, rate = soundfile.read(files[2], dtype="float32")
    wanted = tfse.enhance(noisy, 16_000, tiny("lstm_irm"))
    assert rate == 16_000
    np.testing.assert_allclose(enhanced, wanted, atol=1 / 32768)
    ended = run("device/stream_wav.py", *files[:2], tmp_path / "nowhere" / "enhanced.wav")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "nowhere/enhanced.wav: No such file or directory" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize("program", ["to_saved_model.py", "to_tflite.py", "verify.py"])
def test_help_has_every_flag(program: str) -> None:
    ended = run(program, "--help")
    assert ended.returncode == 0
    for name in ("model", "data_dir", "noisy_dir", "clean_dir", "count", "report"):
        assert f"--{name}=" in ended.stdout


def _looks_ahead(folder: pathlib.Path) -> pathlib.Path:
    from tfse.layers import LogPower, MagnitudeMasking
    from tfse.models.enhancement_model import around_core

    spectrum = keras.Input((None, 33, 2), name="spectrum")
    both_ways = keras.layers.Bidirectional(keras.layers.LSTM(4, return_sequences=True), name="both")
    x = both_ways(LogPower(name="log_power")(spectrum))
    mask = keras.layers.Dense(33, activation="sigmoid", name="mask")(x)
    core = keras.Model(spectrum, {"mask": mask}, name="core")
    path = folder / "ahead.keras"
    around_core(instances.tiny_lstm_irm(), core, MagnitudeMasking(name="masking")).save(path)
    return path


def _for_recordings(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "tiny_segan_plus.keras"
    instances.OFFLINE_MODELS["segan_plus"]().save(path)
    return path


def test_of_a_model_for_recordings_enhance_alone_is_verified(tmp_path: pathlib.Path) -> None:
    path = _for_recordings(tmp_path)
    report = tmp_path / "report"
    ended = run(
        "to_saved_model.py", f"--model={path}", f"--output_dir={tmp_path}", f"--report={report}"
    )
    assert ended.returncode == 0, ended.stderr
    assert "gradient" not in ended.stderr
    rows = json.loads(report.with_suffix(".json").read_text())
    assert [row["form"] for row in rows] == ["offline Keras", "SavedModel enhance"]
    folder = tmp_path / "tiny_segan_plus" / "1"
    found = variants.found_in([folder], tfse.load(path), trust_saved_model=True)
    assert [variant.kind for variant in found] == ["SavedModel enhance"]
    with pytest.raises(ModelError, match=r"for recordings only.*use the \.keras file") as refused:
        open_step(folder, trust_saved_model=True)
    assert "\n" not in str(refused.value)


def test_bad_input_gets_one_line(
    model: pathlib.Path, prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    foreign = tmp_path / "foreign.keras"
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(foreign)
    existing = tmp_path / "tiny_lstm_irm" / "1"
    existing.mkdir(parents=True)
    here = f"--output_dir={tmp_path}"
    wide = tmp_path / "wide.keras"
    models.build(instances.tiny_lstm_irm(sample_rate=48_000)).save(wide)
    cases: list[tuple[int, str, tuple[str, ...], str]] = [
        (1, "to_tflite.py", (f"--model={_looks_ahead(tmp_path)}", here, "--formats=float32"),
         "no layer looks ahead or over all time; received the layer 'both'"),
        (2, "to_tflite.py", (f"--model={model}", here, "--formats=int8"),
         "int8 must be calibrated on prepared data: give --data_dir"),
        (2, "to_tflite.py", (f"--model={_for_recordings(tmp_path)}", here, "--formats=int8"),
         "`--formats` must be saved_model alone: the model 'tiny_segan_plus' is offline only"),
        (2, "to_tflite.py", (f"--model={model}", here, "--formats=float8"),
         "`formats` must be some of float32, float16, dynamic, int8, int16x8"),
        (2, "to_saved_model.py", (f"--model={model}", here),
         "already exists; use another version or output folder."),
        (1, "to_saved_model.py", (f"--model={foreign}", here), "foreign.keras"),
        (1, "verify.py", (f"--model={model}", f"--exports={model}"), "tfse metadata"),
        (2, "verify.py", (f"--model={model}", "--noisy_dir=x"), "must be given together"),
        (2, "verify.py", (f"--model={wide}", f"--data_dir={prepared}"),
         f"the rate of {wide} (tfse-prepare --sample_rate=48000); {prepared} is at 16000 Hz."),
    ]  # fmt: skip
    for code, program, arguments, words in cases:
        ended = run(program, *arguments)
        assert ended.returncode == code, (program, arguments, ended.stderr)
        assert words in ended.stderr.splitlines()[-1], ended.stderr
        assert "Traceback" not in ended.stderr
    assert list(existing.iterdir()) == []
    assert not list(tmp_path.glob("*.tflite"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "nothing.tflite: No such file"),
        (b"TFL3 no archive", "has no tfse metadata"),
    ],
)
def test_the_device_client_refuses_in_one_line(
    content: bytes | None, words: str, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "nothing.tflite"
    if content:
        path.write_bytes(content)
    ended = run("device/stream_wav.py", path, "noisy.wav", "enhanced.wav")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert words in ended.stderr


def test_the_device_client_stands_alone() -> None:
    path = ROOT / "export" / "device" / "stream_wav.py"
    text = path.read_text()
    assert "tfse" not in {line.split()[1].split(".")[0] for line in text.splitlines()
                          if line.startswith(("import ", "from "))}  # fmt: skip
    assert len(text.splitlines()) < 150
