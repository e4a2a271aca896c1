"""Distillation: value, gradient and sample rate."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests import instances
from tfse import models
from tfse.errors import ConfigError
from tfse.losses import Distillation, NegativeSNR
from tfse.models import enhance_aligned

RATE = 16_000


def _targets(size: int = 2, samples: int = 700) -> dict[str, tf.Tensor]:
    clean, noise = (0.1 * instances.random(size, samples, seed=seed) for seed in (0, 1))
    arrays = {"clean": clean, "noise": noise, "noisy": clean + noise}
    # The second example has padding.
    length = tf.constant([samples, samples - 100])
    return {**{name: tf.constant(x) for name, x in arrays.items()}, "length": length}


@pytest.mark.parametrize("weight", [0.25, 1.0])
@pytest.mark.parametrize("name", ["fastenhancer", "demucs"])
def test_the_value_is_the_weighted_mean_of_both_targets(name: str, weight: float) -> None:
    teacher = instances.MODELS[name]()
    targets, loss = _targets(), NegativeSNR()
    outputs = {"enhanced": targets["clean"] + 0.3 * targets["noise"]}
    enhanced = enhance_aligned(
        lambda x: teacher(x, training=False),
        targets["noisy"],
        teacher.latency_samples,
        teacher.hop_length,
    )
    against_teacher = loss(
        {**targets, "clean": enhanced, "noise": targets["noisy"] - enhanced}, outputs
    )
    wanted = weight * against_teacher + (1 - weight) * loss(targets, outputs)
    found = Distillation(loss, teacher, weight, teacher.sample_rate)(targets, outputs)
    assert found.shape == (2,)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_silence_stays_the_target_where_nobody_speaks() -> None:
    teacher = instances.MODELS["fastenhancer"]()
    targets = _targets()
    noise = targets["noise"]
    silent = {**targets, "clean": tf.zeros_like(noise), "noisy": noise}
    own = {"enhanced": enhance_aligned(teacher, noise, 32, 32)}
    against_silence = NegativeSNR()(silent, own)
    found = Distillation(NegativeSNR(), teacher, 1.0, RATE)(silent, own)
    np.testing.assert_allclose(found, against_silence, rtol=1e-5)


def test_the_teachers_output_has_a_lower_loss_than_clean_speech() -> None:
    teacher = instances.MODELS["fastenhancer"]()
    loss = Distillation(NegativeSNR(), teacher, 1.0, RATE)
    targets = _targets()
    own = {"enhanced": enhance_aligned(teacher, targets["noisy"], 32, 32)}
    assert teacher.latency_samples == 32
    assert np.all(loss(targets, own) < loss(targets, {"enhanced": targets["clean"]}) - 10.0)


def test_the_gradient_is_that_of_the_student_alone() -> None:
    teacher = instances.MODELS["fastenhancer"]()
    weights = list(teacher.trainable_variables)
    loss = Distillation(NegativeSNR(), teacher, 0.5, RATE)
    targets = _targets()
    enhanced = tf.Variable(targets["noisy"])
    with tf.GradientTape(persistent=True) as tape:
        for weight in weights:
            tape.watch(weight.value)
        value = tf.reduce_sum(loss(targets, {"enhanced": enhanced}))
    assert np.abs(tape.gradient(value, enhanced)).max() > 0
    assert all(tape.gradient(value, weight.value) is None for weight in weights)


def test_a_teacher_at_another_rate_is_named() -> None:
    teacher = models.build(instances.tiny_lstm_irm(sample_rate=48_000))
    with pytest.raises(ConfigError, match=r"at 16000 Hz, the rate of the model; .* at 48000 Hz\."):
        Distillation(NegativeSNR(), teacher, 0.5, RATE)
