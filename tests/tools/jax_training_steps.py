"""Checks of training; run by `test_on_jax.py` with Keras on JAX."""

import dataclasses
import math
import os
import pathlib
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.instances import tiny_dpcrn, tiny_fastenhancer, tiny_lstm_irm
from tests.tools import frozen_model
from tfse import models
from tfse.data.config import DataConfig
from tfse.errors import ConfigError, DataError, TrainingError
from tfse.losses import LossConfig
from tfse.training import ExperimentConfig, TrainConfig
from tfse.training.warm_start import load_source
from tools.jax_training import checkpoint
from tools.jax_training.schedule import Clock, learning_rate
from tools.jax_training.session import open_session
from tools.jax_training.training import Plan, Training

STORE = pathlib.Path(os.environ["STORE"])
SHARED = pathlib.Path(os.environ["SHARED"])


def experiment(model=None, loss=None, **train):
    settings = {"batch_size": 4, "warmup_steps": 2, "learning_rate": 5e-3, "ema_decay": 0.9}
    return ExperimentConfig(
        model=model or tiny_dpcrn(),
        data=DataConfig(segment_s=0.25, babble_probability=0.0, reverb_probability=0.0),
        loss=loss or LossConfig(negative_snr=1.0, log_spectral_mse=1.0),
        train=TrainConfig(**{**settings, **train}),
    )


@pytest.fixture(scope="module")
def session():
    return open_session(experiment(), STORE, cudnn=False)


@pytest.fixture(scope="module")
def step(session):
    return session.compiled_step(session.learner.initial_state())


def advance(session, step, state, count):
    for number in range(count):
        state = step(state, session.corpus, jnp.int32(number), jnp.float32(5e-3))
    return state


def test_steps_lower_the_loss_and_the_file_is_what_was_trained(session, step):
    before, _ = session.validate(session.learner.initial_state())
    Training(session, SHARED, Plan(None, 60, "constant", 1e9)).run(
        session.learner.initial_state(), step
    )
    lines = (SHARED / "history.csv").read_text().splitlines()
    row = dict(zip(lines[0].split(","), map(float, lines[-1].split(",")), strict=True))
    assert row["step"] == 60 and row["bad_steps"] == 0
    assert row["validation_loss"] < before - 1
    assert not list(SHARED.glob("unfinished*"))
    # For the comparison with TensorFlow.
    noisy = np.random.default_rng(0).standard_normal((2, 3200)).astype(np.float32)
    model = session.learner.released
    np.savez(SHARED / "outputs.npz", noisy=noisy, enhanced=np.asarray(model(noisy)))


def test_a_file_begins_another_training(session):
    fresh = open_session(experiment(), STORE, cudnn=False)
    fresh.begin(load_source(str(SHARED / checkpoint.NAME)))
    ours = [np.asarray(weight) for weight in fresh.learner.model.weights]
    theirs = [np.asarray(weight) for weight in session.learner.released.weights]
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_a_wide_model_is_made_of_a_narrower_one(tmp_path):
    narrow = models.build(tiny_fastenhancer())
    narrow.save(tmp_path / "narrow.keras")
    wide = experiment(tiny_fastenhancer(channels=6, block_channels=8))
    session = open_session(wide, STORE, cudnn=False)
    with pytest.raises(ConfigError, match="must be a model of the same config"):
        session.begin(load_source(str(tmp_path / "narrow.keras")))
    session.begin(load_source(str(tmp_path / "narrow.keras"), widens=True))
    noisy = np.random.default_rng(0).standard_normal((2, 3200)).astype(np.float32)
    expected = np.asarray(narrow(noisy))
    np.testing.assert_allclose(session.learner.model(noisy), expected, atol=1e-5)


def test_a_bad_step_changes_nothing_and_too_many_stop(session, step, tmp_path):
    state = session.learner.initial_state()
    state.trainable[3] = state.trainable[3] * jnp.nan
    weights = [np.asarray(leaf) for leaf in jax.tree.leaves((state.trainable, state.optimizer))]
    after = advance(session, step, state, 1)
    kept = [np.asarray(leaf) for leaf in jax.tree.leaves((after.trainable, after.optimizer))]
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(weights, kept, strict=True))
    assert int(after.sums.bad) == int(after.sums.bad_in_a_row) == 1
    many = after._replace(sums=after.sums._replace(bad_in_a_row=jnp.int32(10)))
    with pytest.raises(TrainingError, match="finite"):
        Training(session, tmp_path, Plan(None, 5, "constant"))._check_finite(many)


def test_accumulated_batches_are_one_step():
    # LSTM-IRM has no batch normalization, so that the mathematics is the same.
    loss = LossConfig(mask_mse=1.0)
    results = []
    for size, parts in ((4, 1), (2, 2)):
        config = experiment(tiny_lstm_irm(), loss, batch_size=size, accumulation_steps=parts)
        session = open_session(config, STORE, cudnn=False)
        state = session.learner.initial_state()
        state = advance(session, session.compiled_step(state), state, 1)
        results.append(float(state.sums.norm))
    assert results[0] == pytest.approx(results[1], rel=1e-3)


def test_a_model_that_is_its_own_teacher_has_nothing_to_learn(tmp_path):
    model = models.build(tiny_lstm_irm())
    model.save(tmp_path / "teacher.keras")
    losses = []
    for settings in ({}, {"teacher": str(tmp_path / "teacher.keras"), "teacher_weight": 1.0}):
        config = experiment(tiny_lstm_irm(), LossConfig(negative_snr=1.0), **settings)
        session = open_session(config, STORE, cudnn=False)
        session.begin(load_source(str(tmp_path / "teacher.keras")))
        state = session.learner.initial_state()
        state = advance(session, session.compiled_step(state), state, 1)
        losses.append(float(state.sums.loss))
    assert losses[1] < losses[0] - 10.0


def test_muon_and_bfloat16_train():
    config = experiment(optimizer="muon", precision="mixed_bfloat16", clip_quantile=0.5)
    session = open_session(config, STORE, cudnn=False)
    state = session.learner.initial_state()
    state = advance(session, session.compiled_step(state), state, 3)
    assert int(state.sums.good) == 3
    assert session.learner.release(state).weights[0].dtype == "float32"


def test_statistics_are_measured_before_training():
    config = experiment(tiny_lstm_irm(), LossConfig(mask_mse=1.0), statistics_batches=2)
    session = open_session(config, STORE, cudnn=False)
    session.begin(None)
    layer = session.learner.model.get_layer("core").get_layer("standardization")
    assert np.abs(np.asarray(layer.mean)).max() > 0


def test_recurrent_layers_do_not_run_on_cudnn(session):
    layers = [
        layer for layer in session.learner.model._flatten_layers() if hasattr(layer, "use_cudnn")
    ]
    assert layers and all(layer.use_cudnn is False for layer in layers)
    allowed = open_session(experiment(), STORE, cudnn=True).learner.model._flatten_layers()
    directions = {
        (layer.go_backwards, layer.use_cudnn) for layer in allowed if hasattr(layer, "use_cudnn")
    }
    assert directions == {(True, False), (False, "auto")}


def test_schedules():
    config = TrainConfig(learning_rate=1.0, warmup_steps=10, steps=100, schedule="constant")
    assert learning_rate(config, "cosine", 4, 0.0) == pytest.approx(0.5)
    assert learning_rate(config, "cosine", 50, 0.5) == pytest.approx(1.0)
    assert learning_rate(config, "cosine", 50, 0.75) == pytest.approx(0.5)
    assert learning_rate(config, "cosine", 50, 1.0) == pytest.approx(0.0)
    assert learning_rate(config, "constant", 50, 1.0) == 1.0
    assert learning_rate(config, "config", 50, 1.0) == 1.0


def test_the_clock_plans_by_time():
    clock = Clock(100.0, None)
    clock.read(10, 20.0)
    assert clock.step_s == 2.0 and clock.share_done(10) == pytest.approx(0.2)
    assert clock.share_done(15) == pytest.approx(0.3)
    clock.skip(30.0)
    clock.read(20, 40.0)
    assert clock.step_s == 1.0 and math.isclose(clock.share_done(40), 0.6)
    assert Clock(None, 8).share_done(4) == 0.5


@pytest.mark.parametrize(
    "train,told",
    [({"precision": "mixed_float16"}, "precision"), ({"learning_rate": -1.0}, "learning_rate")],
)
def test_settings_that_cannot_be_are_refused(train, told):
    with pytest.raises(ConfigError, match=told):
        config = experiment(**train)
        config.validate()
        open_session(config, STORE, cudnn=False)


def test_whole_utterances_are_refused():
    config = experiment()
    data = dataclasses.replace(config.data, whole_utterances=True)
    with pytest.raises(ConfigError, match="whole_utterances"):
        open_session(dataclasses.replace(config, data=data), STORE, cudnn=False)


def test_a_model_without_weights_to_train_is_refused():
    with pytest.raises(ConfigError, match="no weights to train"):
        open_session(frozen_model.get_config(), STORE, cudnn=False)


def test_a_store_that_is_cut_is_refused(tmp_path):
    shutil.copytree(STORE, tmp_path / "cut")
    path = tmp_path / "cut" / "speech_samples.npy"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(DataError, match="must be a store"):
        open_session(experiment(), tmp_path / "cut", cudnn=False)
