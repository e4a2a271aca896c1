"""One step: the same mathematics on one device and on two, and clipped gradients."""

import json
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import examples
from tfse.errors import ConfigError
from tfse.losses import LossConfig, build_loss
from tfse.training import TrainConfig, make_strategy
from tfse.training.step import Stepper

PROGRAM = "tests.training.first_losses"
ROOT = pathlib.Path(__file__).parents[2]


def _losses(model, cpus):
    command = [sys.executable, "-m", PROGRAM, model, str(cpus), "20"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_two_replicas_take_the_steps_of_one_device():
    # The DPCRN is the hard case: it normalizes over the batch.
    one, two = _losses("dpcrn", 1), _losses("dpcrn", 2)
    assert len(set(one)) == 20
    np.testing.assert_allclose(two, one, rtol=1e-4)


def _stepper(clip_norm):
    model = examples.MODELS["lstm_irm"]()
    optimizer = keras.optimizers.SGD(1.0)
    optimizer.build(model.trainable_variables)
    loss = build_loss(LossConfig(negative_snr=1.0), model)
    return model, Stepper(
        model, loss, optimizer, make_strategy("one_device"), TrainConfig(clip_norm=clip_norm)
    )


def _batch(size=2, samples=640):
    clean, noise = (
        0.1 * examples.random(size, samples),
        0.1 * examples.random(size, samples, seed=1),
    )
    return {
        "noisy": tf.constant(clean + noise),
        "clean": tf.constant(clean),
        "noise": tf.constant(noise),
        "length": tf.fill([size], samples),
    }


def test_a_step_is_no_longer_than_the_clip_norm():
    model, stepper = _stepper(clip_norm=1e-3)
    before = [w.numpy() for w in model.trainable_variables]
    stepper.train(_batch(), tf.constant(2.0))
    moved = [w.numpy() - b for w, b in zip(model.trainable_variables, before, strict=True)]
    length = np.sqrt(sum((m**2).sum() for m in moved))
    np.testing.assert_allclose(length, 1e-3, rtol=1e-3)


@pytest.mark.parametrize("size", [1, 3])
def test_any_batch_trains_and_validates(size):
    _, stepper = _stepper(clip_norm=1.0)
    batch = _batch(size)
    assert np.isfinite(float(stepper.train(batch, tf.constant(float(size))).loss))
    loss, count, improvement, noisy = stepper.validate(batch).numpy()
    assert (count, noisy) == (size, size)
    assert np.isfinite([loss, improvement]).all()


def test_mixtures_without_noise_do_not_count_as_improved():
    _, stepper = _stepper(clip_norm=1.0)
    batch = _batch()
    silent = tf.concat([tf.zeros_like(batch["noise"][:1]), batch["noise"][1:]], axis=0)
    batch |= {"noise": silent, "noisy": batch["clean"] + silent}
    _, count, improvement, noisy = stepper.validate(batch).numpy()
    _, _, alone, _ = stepper.validate({k: v[1:] for k, v in batch.items()}).numpy()
    assert (count, noisy) == (2, 1)
    np.testing.assert_allclose(improvement, alone, rtol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tpu", 0), r"`strategy` must be one of .*'tpu'"),
        (("mirrored", 2), "before TensorFlow runs anything; received 2"),
    ],
)
def test_strategies_that_cannot_be_had_are_refused(arguments, message):
    tf.constant(1) + 1
    with pytest.raises(ConfigError, match=message):
        make_strategy(*arguments)
