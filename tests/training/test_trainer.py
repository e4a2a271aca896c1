"""Whole runs: files of a run folder, and resuming."""

import csv
import dataclasses
import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import tfse
from tests import instances
from tfse import models
from tfse.data import pipeline
from tfse.data.config import DataConfig
from tfse.errors import ConfigError, DataError, ModelError, TrainingError
from tfse.files import sha256_of
from tfse.losses import LossConfig
from tfse.training import ExperimentConfig, TrainConfig, Trainer, make_strategy
from tfse.training.progress import Progress

ROOT = pathlib.Path(__file__).parents[2]


def _config(steps=4, **train):
    return ExperimentConfig(
        model=instances.tiny_lstm_irm(),
        data=DataConfig(segment_s=0.5, reverb_probability=0.0, valid_mixtures=3),
        loss=LossConfig(mask_mse=1.0),
        train=TrainConfig(
            **{
                "batch_size": 2,
                "steps": steps,
                "validate_every": 2,
                "warmup_steps": 1,
                "statistics_batches": 2,
                "tensorboard_clips": 1,
                **train,
            }
        ),
    )


def _train(config, prepared, run_dir):
    return Trainer(config, prepared, run_dir, make_strategy("one_device")).train()


def _history(run_dir):
    with open(run_dir / "history.csv", newline="") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def run(prepared, tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("run") / "of" / "four"
    return run_dir, _train(_config(), prepared, run_dir)


def test_run_leaves_models_config_and_history(run):
    run_dir, model = run
    x = 0.1 * instances.random(1, 640)
    np.testing.assert_array_equal(tfse.load(run_dir / "last.keras")(x), model(x))
    assert tfse.load(run_dir / "best.keras").sample_rate == 16_000
    assert json.loads((run_dir / "config.json").read_text())["model"]["type"] == "LSTMIRMConfig"
    assert [row["step"] for row in _history(run_dir)] == [2, 4]
    assert not list(run_dir.glob(".tfse-*"))


def test_saved_models_carry_no_optimizer(run):
    run_dir, model = run
    values = 4 * model.count_params()
    assert (run_dir / "last.keras").stat().st_size < values + 100_000


def test_statistics_of_the_training_set_are_kept(run):
    _, model = run
    standardization = model.get_layer("core").get_layer("standardization")
    assert (np.asarray(standardization.mean) < -1).all()
    assert (np.asarray(standardization.deviation) != 1).all()


def test_tensorboard_has_scalars_audio_and_pictures(run):
    run_dir, _ = run
    tags = set()
    for path in (run_dir / "tensorboard").iterdir():
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            tags |= {value.tag for value in event.summary.value}
    assert {
        "loss",
        "gradient_norm",
        "val_loss",
        "learning_rate",
        "enhanced",
        "noisy",
        "clean",
    } <= tags


def test_a_run_resumes_where_it_stopped(run, prepared, tmp_path, capsys):
    _train(_config(steps=2), prepared, tmp_path)
    # The first step compiles for minutes: what is going to happen is told before it.
    first = capsys.readouterr().err.splitlines()[0]
    told = f"tiny_lstm_irm: 2 steps of 2 mixtures of 0.5 s from {prepared}; 1 CPU, "
    assert first.startswith(told)
    resumed = _train(_config(steps=4), prepared, tmp_path)
    undisturbed = run[1]
    for one, other in zip(resumed.get_weights(), undisturbed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert _history(tmp_path) == _history(run[0])


def test_a_run_with_muon_and_a_running_clip_resumes_where_it_stopped(prepared, tmp_path):
    def config(steps):
        muon = _config(steps, optimizer="muon", clip_quantile=0.5, ema_decay=0.9)
        loss = LossConfig(negative_snr=1.0)
        return dataclasses.replace(muon, loss=loss)

    _train(config(2), prepared, tmp_path / "stopped")
    resumed = _train(config(4), prepared, tmp_path / "stopped")
    undisturbed = _train(config(4), prepared, tmp_path / "whole")
    for one, other in zip(resumed.get_weights(), undisturbed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    rows = _history(tmp_path / "stopped")
    assert rows == _history(tmp_path / "whole")
    assert all(row["gradient_norm"] > 0 for row in rows)


def _weights(path):
    return tfse.load(path).get_weights()


def test_best_patience_and_plateau_resume_after_a_stop(prepared, tmp_path, monkeypatch):
    losses = dict(enumerate((1.0, 0.5, 0.7, 0.8, 0.9), start=1))
    monkeypatch.setattr(
        Trainer,
        "_validation_metrics",
        lambda self: {
            "val_loss": losses[self._progress.step],
            "val_si_sdr_improvement_db": 0.0,
        },
    )
    settings = {"validate_every": 1, "early_stopping_patience": 3, "plateau_patience": 2}
    config = _config(steps=3, schedule="plateau", plateau_factor=0.5, **settings)
    _train(config, prepared, tmp_path / "run")
    config.train.steps = 50
    _train(config, prepared, tmp_path / "run")
    rows = _history(tmp_path / "run")
    # The best is that of step 2, so that patience ends with step 5; the second validation
    # without a better loss, after step 4, halves the learning rate.
    assert [row["val_loss"] for row in rows] == list(losses.values())
    rates = [row["learning_rate"] for row in rows]
    assert rates == pytest.approx([1e-3, 1e-3, 1e-3, 1e-3, 5e-4])
    config.train.steps = 2
    _train(config, prepared, tmp_path / "two")
    best, second, last = (
        _weights(tmp_path / path) for path in ("run/best.keras", "two/last.keras", "run/last.keras")
    )
    for one, other in zip(best, second, strict=True):
        np.testing.assert_array_equal(one, other)
    assert any(not np.array_equal(one, other) for one, other in zip(best, last, strict=True))


@pytest.mark.parametrize(("done", "steps"), [(4, 8), (3, 40), (2, 3)])
def test_steps_that_would_make_a_cosine_jump_are_refused(done, steps, prepared, tmp_path):
    config = _config(steps=4, schedule="cosine", validate_every=done, max_bad_steps=9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Progress, "is_at_end", lambda self, _: self.step >= done)
        _train(config, prepared, tmp_path)
    config.train.steps = steps
    with pytest.raises(ConfigError, match=f"`train.steps` must stay 4 .* at step {done} {steps} "):
        _train(config, prepared, tmp_path)
    # What was refused has changed nothing.
    assert json.loads((tmp_path / "config.json").read_text())["train"]["steps"] == 4


def test_a_cosine_that_still_holds_may_become_longer(prepared, tmp_path):
    config = _config(steps=8, schedule="cosine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Progress, "is_at_end", lambda self, _: self.step >= 2)
        _train(config, prepared, tmp_path)
    config.train.steps = 6
    _train(config, prepared, tmp_path)
    assert [row["step"] for row in _history(tmp_path)] == [2, 4, 6]


def test_a_finished_run_is_left_as_it_is(run, prepared):
    run_dir, _ = run
    before = (run_dir / "last.keras").read_bytes()
    _train(_config(), prepared, run_dir)
    assert (run_dir / "last.keras").read_bytes() == before


def test_folder_of_another_experiment_is_refused(run, prepared):
    config = _config(learning_rate=5e-4)
    with pytest.raises(ConfigError, match=r"train\.learning_rate: was 0\.001, is 0\.0005"):
        _train(config, prepared, run[0])


def test_cosine_holds_and_then_falls(prepared, tmp_path):
    _train(_config(steps=8, schedule="cosine"), prepared, tmp_path)
    rates = [row["learning_rate"] for row in _history(tmp_path)]
    assert rates[0] == rates[1] == pytest.approx(1e-3)
    assert 0 < rates[3] < rates[2] < 1e-3


def test_whole_utterances_and_batches_of_one_train(prepared, tmp_path):
    config = _config(batch_size=1)
    config.data = dataclasses.replace(config.data, whole_utterances=True)
    _train(config, prepared, tmp_path)
    assert all(np.isfinite(list(row.values())).all() for row in _history(tmp_path))


def test_loss_falls(prepared, tmp_path):
    _train(_config(steps=60, validate_every=30, learning_rate=3e-3), prepared, tmp_path)
    first, last = _history(tmp_path)
    assert last["loss"] < first["loss"]


def test_what_a_run_was_made_with_is_kept_once_a_start(prepared, tmp_path):
    for steps in (2, 4):
        _train(_config(steps=steps), prepared, tmp_path)
    first, second = json.loads((tmp_path / "run.json").read_text())["starts"]
    assert first["data"]["index_sha256"] == sha256_of(prepared / "index.json")
    assert first["seeds"] == {"train": 0, "data": 0} == second["seeds"]
    assert first["versions"]["tensorflow"] == tf.__version__
    assert len((first["git"] or {"revision": 40 * "0"})["revision"]) == 40


def test_a_run_on_other_data_is_refused(prepared, tmp_path):
    _train(_config(steps=2), prepared, tmp_path / "run")
    other = tmp_path / "other"
    shutil.copytree(prepared, other)
    index = json.loads((other / "index.json").read_text())
    (other / "index.json").write_text(json.dumps({**index, "plan": "another"}))
    with pytest.raises(ConfigError, match="SHA-256 of its index was"):
        _train(_config(steps=4), other, tmp_path / "run")


def test_settings_younger_than_the_run_count_as_their_defaults(prepared, tmp_path):
    _train(_config(steps=2), prepared, tmp_path)
    path = tmp_path / "config.json"
    settings = json.loads(path.read_text())
    del settings["train"]["ema_decay"], settings["data"]["early_ms"]
    path.write_text(json.dumps(settings))
    with pytest.raises(ConfigError, match=r"\(train\.ema_decay: was 0\.0, is 0\.5\)"):
        _train(_config(steps=4, ema_decay=0.5), prepared, tmp_path)
    _train(_config(steps=4), prepared, tmp_path)


def test_rows_of_a_future_that_did_not_happen_are_dropped(run, prepared, tmp_path):
    _train(_config(steps=2), prepared, tmp_path)
    path = tmp_path / "history.csv"
    row = path.read_text().splitlines()[-1]
    path.write_text(path.read_text() + "4" + row[1:] + "\n")
    _train(_config(steps=4), prepared, tmp_path)
    assert path.read_text() == (run[0] / "history.csv").read_text()


def test_the_average_is_what_is_saved(prepared, tmp_path):
    model = _train(_config(steps=2, ema_decay=0.9), prepared, tmp_path)
    saved = tfse.load(tmp_path / "last.keras")
    kernels = [m.get_layer("core").get_layer("mask").kernel for m in (model, saved)]
    assert not np.array_equal(*kernels)
    # One step of (1 + 1) / (10 + 1), one of 3 / 12: the average lags behind.
    assert np.abs(np.subtract(*kernels)).max() < 0.01


def test_a_run_that_meets_no_finite_loss_stops_and_names_its_mixtures(prepared, tmp_path):
    config = _config(steps=20, max_bad_steps=3, accumulation_steps=2)
    trainer = Trainer(config, prepared, tmp_path, make_strategy("one_device"))
    trainer.model.get_layer("core").get_layer("mask").bias.assign(np.full(33, np.nan))
    with pytest.raises(TrainingError, match="not finite in 3 steps in a row") as error:
        trainer.train()
    found = json.loads((tmp_path / "bad_batches.json").read_text())
    assert len(found["steps"]) == 3 and len(found["keys"]) == 3 * 2 * 2
    assert f"the last of which is {found['steps'][-1] + 1} " in str(error.value)
    stream = pipeline.training_dataset(prepared, config.data, batch_size=4).skip(found["steps"][0])
    expected = [key.decode() for batch in stream.take(3) for key in batch["key"].numpy()]
    assert found["keys"] == expected
    assert found["data"] == json.loads(json.dumps(dataclasses.asdict(config.data)))


def test_a_warm_start_from_nowhere_leaves_no_folder(prepared, tmp_path):
    strategy = make_strategy("one_device")
    with pytest.raises(ModelError, match="nowhere"):
        Trainer(_config(steps=2), prepared, tmp_path / "run", strategy, "nowhere")
    with pytest.raises(ModelError, match="both models must be DPCRNs"):
        Trainer(_config(steps=2), prepared, tmp_path / "run", strategy, "lstm_irm", widens=True)
    assert not (tmp_path / "run").exists()


def test_a_warm_start_is_made_once_and_written_down(run, prepared, tmp_path, capsys):
    source = str(run[0] / "last.keras")
    strategy = make_strategy("one_device")
    # So small a learning rate leaves the weights as they were loaded.
    config = _config(steps=2, learning_rate=1e-12, warmup_steps=0)
    model = Trainer(config, prepared, tmp_path / "run", strategy, source).train()
    for one, other in zip(model.get_weights(), tfse.load(source).get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-8)
    report = json.loads((tmp_path / "run" / "init_from.json").read_text())
    assert (len(report["loaded"]), report["missing"]) == (10, [])
    assert "10 of 10 weights are loaded from" in capsys.readouterr().err
    config.train.steps = 4
    Trainer(config, prepared, tmp_path / "run", strategy, source).train()
    said = capsys.readouterr().err
    assert "Resuming from step 2." in said and "weights are loaded from" not in said


def test_a_teacher_is_a_target_of_training_but_not_of_validation(prepared, tmp_path):
    models.build(instances.tiny_fastenhancer()).save(tmp_path / "teacher.keras")
    # So small a learning rate leaves the weights as they are.
    settings = {"learning_rate": 1e-12, "warmup_steps": 0}
    teacher = {"teacher": str(tmp_path / "teacher.keras"), "teacher_weight": 1.0}
    _train(_config(steps=2, **settings), prepared, tmp_path / "alone")
    _train(_config(steps=2, **settings, **teacher), prepared, tmp_path / "taught")
    (alone,), (taught,) = _history(tmp_path / "alone"), _history(tmp_path / "taught")
    assert taught["val_loss"] == pytest.approx(alone["val_loss"], rel=1e-6)
    assert abs(taught["loss"] / alone["loss"] - 1) > 0.01
    files = ("alone/last.keras", "taught/last.keras")
    assert (tmp_path / files[1]).stat().st_size < (tmp_path / files[0]).stat().st_size + 1000


def test_a_teacher_of_a_model_in_half_precision_stays_in_float32(prepared, tmp_path):
    models.build(instances.tiny_fastenhancer()).save(tmp_path / "teacher.keras")
    teacher = {"teacher": str(tmp_path / "teacher.keras"), "precision": "mixed_bfloat16"}
    config = _config(steps=2, **teacher)
    trainer = Trainer(config, prepared, tmp_path / "run", make_strategy("one_device"))
    taught = trainer._learner.stepper._training_loss
    assert {layer.compute_dtype for layer in taught.teacher.layers} == {"float32"}
    assert trainer.model.get_layer("core").get_layer("mask").compute_dtype == "bfloat16"
    trainer.train()
    assert _history(tmp_path / "run")[0]["bad_steps"] == 0


def test_a_run_whose_teacher_has_other_weights_is_refused(prepared, tmp_path):
    path = tmp_path / "teacher.keras"
    models.build(instances.tiny_fastenhancer()).save(path)
    config = _config(steps=2, teacher=str(path))
    _train(config, prepared, tmp_path / "run")
    (start,) = json.loads((tmp_path / "run" / "run.json").read_text())["starts"]
    assert start["teacher_sha256"] == sha256_of(path)
    models.build(instances.tiny_fastenhancer()).save(path)
    config.train.steps = 4
    with pytest.raises(ConfigError, match=r"`train\.teacher` must hold the weights"):
        _train(config, prepared, tmp_path / "run")


def test_a_teacher_that_cannot_teach_leaves_no_folder(prepared, tmp_path):
    models.build(instances.tiny_lstm_irm(sample_rate=48_000)).save(tmp_path / "wide.keras")
    for teacher, error in (("nowhere", ModelError), (str(tmp_path / "wide.keras"), ConfigError)):
        with pytest.raises(error, match=r"nowhere|at 16000 Hz, the rate of the model"):
            _train(_config(steps=2, teacher=teacher), prepared, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: setattr(c.data, "sample_rate", 8000), "`data.sample_rate` must equal"),
        (lambda c: setattr(c.train, "schedule", "linear"), "`train.schedule` must be one of"),
        (lambda c: setattr(c.train, "batch_size", 0), "`train.batch_size` must be above 0"),
        (lambda c: setattr(c.loss, "mask_mse", 0.0), "one loss must have a weight above 0"),
        (lambda c: setattr(c.train, "precision", "float8"), "`train.precision` must be one of"),
        (lambda c: setattr(c.train, "ema_decay", 1.0), r"`train.ema_decay` must lie in \[0, 1\)"),
        (lambda c: setattr(c.train, "weight_decay", -1.0), "`train.weight_decay` must not be"),
        (
            lambda c: setattr(c.train, "teacher_weight", 0.0),
            r"teacher_weight` must lie in \(0",
        ),
    ],
)
def test_experiments_that_cannot_work_are_refused(change, message, prepared, tmp_path):
    config = _config()
    change(config)
    with pytest.raises(ConfigError, match=message):
        _train(config, prepared, tmp_path / "run")


def test_missing_data_is_said_before_a_folder_is_made(tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        _train(_config(), tmp_path / "nowhere", tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config=configs/none.py"], "configs/none.py"),
        (["--config=configs/lstm_irm.py", "--config.train.nothing=1"], "nothing"),
        (["--config=configs/lstm_irm.py", "--config.train.steps=many"], "many"),
        ([], "`--config` must be given"),
        (["--config=configs/lstm_irm.py", "--no_such_flag"], "no_such_flag"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(arguments, message, tmp_path):
    command = [sys.executable, "-m", "tfse.cli.train", "--data_dir=d", f"--run_dir={tmp_path}/r"]
    done = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("20", "I0", "W0"))]
    assert message in lines[-1]
    assert not any("Traceback" in line for line in lines)
