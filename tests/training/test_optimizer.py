"""Optimizers: steps of Muon, weight decay, and gradient clipping."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import instances
from tfse.errors import ConfigError
from tfse.models import build
from tfse.training import TrainConfig
from tfse.training.gradient_clip import GradientClip
from tfse.training.muon import Muon, orthogonalized
from tfse.training.optimizer import build_optimizer, matrices_of


@pytest.mark.parametrize("shape", [(3, 6, 6), (2, 4, 20), (1, 30, 5)])
def test_orthogonalized_keeps_directions_and_evens_their_lengths(shape):
    matrices = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    result = np.asarray(orthogonalized(matrices))
    for before, after in zip(matrices, result, strict=True):
        left, _, right = np.linalg.svd(before, full_matrices=False)
        lengths = np.diag(left.T @ after @ right.T)
        np.testing.assert_allclose(left @ np.diag(lengths) @ right, after, atol=2e-4)
        assert (lengths > 0.3).all() and (lengths < 1.3).all()


def test_muon_takes_the_step_of_its_formula():
    rng = np.random.default_rng(0)
    start, *gradients = rng.standard_normal((3, 2, 3, 8)).astype(np.float32)
    variable = keras.Variable(start)
    # Two matrices of [6, 4] side by side.
    optimizer = Muon(0.1, {variable.path: 2}, momentum=0.9)
    expected, mean = start.astype(float), np.zeros_like(start)
    for gradient in gradients:
        optimizer.apply([tf.constant(gradient)], [variable])
        mean = 0.9 * mean + 0.1 * gradient
        ahead = (0.9 * mean + 0.1 * gradient).reshape(6, 2, 4).transpose(1, 0, 2)
        step = np.asarray(orthogonalized(ahead.astype(np.float32)))
        step = 0.2 * np.sqrt(6) * step.transpose(1, 0, 2).reshape(start.shape)
        expected = expected - 0.1 * step
    np.testing.assert_allclose(np.asarray(variable), expected, atol=1e-5)


def test_what_is_no_matrix_takes_the_step_of_adam_at_its_own_rate():
    start = np.linspace(-1, 1, 5).astype(np.float32)
    ours, theirs = keras.Variable(start), keras.Variable(start)
    muon, adam = Muon(3e-2, {}, adam_ratio=0.5), keras.optimizers.Adam(1.5e-2)
    for seed in range(3):
        gradient = tf.constant(instances.random(5, seed=seed))
        muon.apply([gradient], [ours])
        adam.apply([gradient], [theirs])
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), atol=1e-6)


def test_matrices_are_the_kernels_and_gates_are_counted():
    counts = matrices_of(build(instances.tiny_fastenhancer()))
    assert counts["block_0_gru/kernel"] == counts["block_1_gru/recurrent_kernel"] == 3
    assert counts["block_0_attention/kernel"] == 3
    assert counts["encoder_1/kernel"] == counts["merge_0/kernel"] == 1
    names = {path.split("/")[-1] for path in counts}
    assert names == {"kernel", "recurrent_kernel"}
    first, *_, last = counts
    assert (first, last) == ("encoder_0/kernel", "decoder_0/kernel")
    # A fixed map is not trained.
    assert not any("bands" in path for path in counts)


def test_gates_of_an_lstm_are_four_matrices():
    assert sorted(set(matrices_of(build(instances.tiny_dpcrn())).values())) == [1, 4]


def test_muon_leaves_the_first_and_the_last_kernel_to_adam():
    model = build(instances.tiny_fastenhancer())
    optimizer = build_optimizer(TrainConfig(optimizer="muon"), model)
    assert list(optimizer.matrices) == list(matrices_of(model))[1:-1]


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_only_kernels_decay(name):
    model = build(instances.tiny_dpcrn())
    optimizer = build_optimizer(TrainConfig(optimizer=name, weight_decay=0.5), model)
    optimizer.learning_rate = 0.1
    before = {v.path: np.array(v) + 1.0 for v in model.trainable_variables}
    for variable in model.trainable_variables:
        variable.assign(before[variable.path])
    zeros = [tf.zeros(v.shape) for v in model.trainable_variables]
    optimizer.apply(zeros, model.trainable_variables)
    kernels = matrices_of(model)
    for variable in model.trainable_variables:
        factor = 0.95 if variable.path in kernels else 1.0
        expected = factor * before[variable.path]
        np.testing.assert_allclose(np.asarray(variable), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimizer": "sgd"}, "must be one of"),
        ({"weight_decay": 0.1}, "must be 0 with Adam"),
        ({"clip_quantile": 1.0}, r"must lie in \[0, 1\)"),
        ({"muon_momentum": -0.1}, r"must lie in \[0, 1\)"),
        ({"adam_ratio": -1.0}, "must not be negative"),
    ],
)
def test_settings_have_rules(settings, message):
    with pytest.raises(ConfigError, match=message):
        TrainConfig(**settings).validate()


def test_clip_follows_the_quantile_of_the_last_norms():
    clip = GradientClip(5.0, 0.9)
    norms = np.random.default_rng(0).permutation(np.arange(1.0, 301.0)).astype(np.float32)
    for count, norm in enumerate(norms):
        known = np.sort(norms[max(count - 200, 0) : count])
        expected = 5.0 if count < 20 else known[int(0.9 * (len(known) - 1))]
        assert float(clip.limit()) == expected
        clip.remember(tf.constant(norm))


def test_clip_without_a_quantile_is_the_fixed_norm():
    clip = GradientClip(5.0, 0.0)
    clip.remember(tf.constant(100.0))
    assert float(clip.limit()) == 5.0 and clip.variables == []
