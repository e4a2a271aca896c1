"""Steps: the same mathematics on one device and on two, and clipped gradients."""

import json
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import instances
from tfse.errors import ConfigError
from tfse.losses import LossConfig, build_loss
from tfse.training import TrainConfig, make_strategy
from tfse.training.precision import dtype_policy
from tfse.training.stepper import Stepper, _batch_normalizations

PROGRAM = "tests.training.first_losses"
ROOT = pathlib.Path(__file__).parents[2]


def _losses(cpus):
    command = [sys.executable, "-m", PROGRAM, str(cpus), "20"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_two_replicas_take_the_steps_of_one_device():
    # A hard case: it normalizes over the batch.
    one, two = _losses(1), _losses(2)
    assert len(set(one)) == 20
    np.testing.assert_allclose(two, one, rtol=1e-4)


def _stepper(clip_norm=5.0, name="lstm_irm", padded=False, **settings):
    keras.utils.set_random_seed(0)
    with dtype_policy(settings.get("precision", "float32")):
        model = instances.MODELS[name]()
    optimizer = keras.optimizers.SGD(1.0)
    optimizer.build(model.trainable_variables)
    loss = build_loss(LossConfig(negative_snr=1.0), model)
    config = TrainConfig(clip_norm=clip_norm, **settings)
    return model, Stepper(model, loss, optimizer, make_strategy("one_device"), config, padded)


def _batch(size=2, samples=640, seed=0):
    clean, noise = (0.1 * instances.random(size, samples, seed=seed + k) for k in (0, 1))
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


def _values(model):
    return [np.asarray(weight) for weight in model.weights]


def _assert_close(one, other, **tolerance):
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(mine, theirs, **tolerance)


def _part(batch, which):
    return {name: value[which] for name, value in batch.items()}


def test_four_batches_of_two_are_one_of_eight():
    whole, parts = _stepper(), _stepper(accumulation_steps=4)
    for step in range(2):
        batch = _batch(8, seed=10 * step)
        one = whole[1].train(batch, tf.constant(8.0))
        for start in (0, 2, 4):
            parts[1].accumulate(_part(batch, slice(start, start + 2)), tf.constant(8.0))
        other = parts[1].train(_part(batch, slice(6, 8)), tf.constant(8.0))
        np.testing.assert_allclose(one.loss, other.loss, rtol=1e-5)
    _assert_close(_values(whole[0]), _values(parts[0]), rtol=1e-4, atol=1e-6)


def _spoilt(batch):
    noisy = batch["noisy"].numpy()
    noisy[0, 100] = np.nan
    return batch | {"noisy": tf.constant(noisy)}


@pytest.mark.parametrize("ema_decay", [0.0, 0.9])
def test_a_step_that_is_not_finite_changes_nothing(ema_decay):
    # A DPCRN, for its moving statistics are spoilt by the forward pass alone.
    model, stepper = _stepper(name="dpcrn", ema_decay=ema_decay)
    stepper.train(_batch(), tf.constant(2.0))
    before = [*_values(model), *map(np.asarray, stepper.variables)]
    outcome = stepper.train(_spoilt(_batch()), tf.constant(2.0))
    assert (float(outcome.bad), float(outcome.overflow)) == (1.0, 0.0)
    assert np.isnan(outcome.loss)
    _assert_close([*_values(model), *map(np.asarray, stepper.variables)], before, rtol=0)
    assert float(stepper.train(_batch(), tf.constant(2.0)).bad) == 0.0
    assert not np.array_equal(model.trainable_variables[0], before[0])


def test_one_bad_batch_spoils_the_step_it_belongs_to_and_no_other():
    model, stepper = _stepper(accumulation_steps=2)
    before = _values(model)
    stepper.accumulate(_spoilt(_batch()), tf.constant(4.0))
    assert float(stepper.train(_batch(), tf.constant(4.0)).bad) == 1.0
    _assert_close(_values(model), before, rtol=0)
    stepper.accumulate(_batch(), tf.constant(4.0))
    assert float(stepper.train(_batch(), tf.constant(4.0)).bad) == 0.0


@pytest.mark.parametrize("batches", [1, 2])
def test_a_step_that_float16_cannot_hold_leaves_moving_statistics(batches):
    model, stepper = _stepper(
        name="dpcrn", precision="mixed_float16", accumulation_steps=batches, clip_norm=1.0
    )
    stepper._scale._scale.assign(2.0**40)
    before = _values(model)
    for seed in range(batches - 1):
        stepper.accumulate(_batch(seed=seed), tf.constant(2.0 * batches))
    outcome = stepper.train(_batch(seed=9), tf.constant(2.0 * batches))
    assert (float(outcome.bad), float(outcome.overflow)) == (1.0, 1.0)
    _assert_close(_values(model), before, rtol=0)
    stepper._scale._scale.assign(1.0)
    for seed in range(batches - 1):
        stepper.accumulate(_batch(seed=seed), tf.constant(2.0 * batches))
    assert float(stepper.train(_batch(seed=9), tf.constant(2.0 * batches)).bad) == 0.0
    moved = [layer.moving_mean for layer in _batch_normalizations(model)]
    assert all(np.asarray(mean).any() for mean in moved)


def _padded(batch, samples, filling):
    def longer(wave):
        return tf.pad(wave, [[0, 0], [0, samples]], constant_values=filling)

    return {name: value if name == "length" else longer(value) for name, value in batch.items()}


@pytest.mark.parametrize("name", ["dpcrn", "fastenhancer", "lstm_irm"])
def test_padding_changes_neither_gradients_nor_statistics(name):
    alone, padded = (_stepper(name=name, padded=True) for _ in range(2))
    batch = _batch(samples=640)
    short = alone[1].train(batch, tf.constant(2.0))
    # Zeros as the pipeline pads with; only part of a frame, and many frames.
    long = padded[1].train(_padded(batch, 997, 0.0), tf.constant(2.0))
    np.testing.assert_allclose(long.loss, short.loss, rtol=1e-5)
    np.testing.assert_allclose(long.gradient_norm, short.gradient_norm, rtol=1e-4)
    _assert_close(_values(padded[0]), _values(alone[0]), rtol=1e-3, atol=1e-5)


def test_statistics_of_a_batch_are_those_of_its_valid_frames():
    model, stepper = _stepper(name="dpcrn", padded=True)
    batch, lengths = _batch(samples=800), np.array([800, 640])
    valid = np.arange(800) < lengths[:, None]
    batch = {k: tf.where(valid, v, 0.0) for k, v in batch.items() if k != "length"}
    layer = model.get_layer("core").get_layer("encoder_0_norm")
    features = keras.Model(model.get_layer("core").input, layer.input)
    values = np.asarray(features(model.stft(tf.pad(batch["noisy"], [[0, 0], [0, 96]]))))
    counts = lengths // model.hop_length + 1
    rows = np.concatenate([rows[:n] for rows, n in zip(values, counts, strict=True)])
    stepper.train(batch | {"length": tf.constant(lengths, tf.int32)}, tf.constant(2.0))
    share = 1 - layer.momentum
    mean, variance = rows.mean((0, 1)), rows.var((0, 1))
    np.testing.assert_allclose(layer.moving_mean, share * mean, rtol=1e-3, atol=1e-7)
    expected = layer.momentum + share * variance
    np.testing.assert_allclose(layer.moving_variance, expected, rtol=1e-4)


def test_the_average_follows_the_weights_and_changes_places_with_them():
    model, stepper = _stepper(ema_decay=0.5)
    expected = _values(model)
    for step in (1, 2, 3):
        stepper.train(_batch(seed=step), tf.constant(2.0))
        rate = 1 - min(0.5, (1 + step) / (10 + step))
        expected = [e + rate * (w - e) for e, w in zip(expected, _values(model), strict=True)]
    weights = _values(model)
    with stepper.average.applied():
        _assert_close(_values(model), expected, rtol=1e-5, atol=1e-7)
    _assert_close(_values(model), weights, rtol=0)


def test_all_replicas_hear_that_one_was_asked_to_stop():
    _, stepper = _stepper()
    stops = [
        float(stepper.train(_batch(), tf.constant(2.0), tf.constant(s)).stopping)
        for s in (0.0, 1.0)
    ]
    assert stops == [0.0, 1.0]


def test_xla_takes_the_same_steps():
    plain, compiled = _stepper(), _stepper(jit_compile=True)
    for stepper in (plain[1], compiled[1]):
        stepper.train(_batch(), tf.constant(2.0))
    _assert_close(_values(plain[0]), _values(compiled[0]), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_takes_about_the_same_steps(precision):
    full, half = _stepper(clip_norm=0.1), _stepper(clip_norm=0.1, precision=precision)
    losses = [
        [float(s.train(_batch(8), tf.constant(8.0)).loss) for _ in range(3)]
        for _, s in (full, half)
    ]
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.05)
    assert losses[0] != losses[1]
    layers = {layer.name: layer.compute_dtype for layer in half[0]._flatten_layers()}
    float32 = ("stft", "inverse_stft", "log_power", "standardization")
    assert {layers[name] for name in float32} == {"float32"}
    assert layers["lstm_0"] == precision.removeprefix("mixed_")
    assert {weight.dtype for weight in half[0].weights} == {"float32"}


def test_the_loss_scale_falls_until_gradients_fit_and_no_step_is_lost_to_it():
    _, stepper = _stepper(precision="mixed_float16")
    # Weights of the last layer so large that scaled gradients overflow float16.
    loud = {name: 50.0 * value if name != "length" else value for name, value in _batch().items()}
    outcomes = [stepper.train(loud, tf.constant(2.0)) for _ in range(12)]
    assert all(float(o.bad) == float(o.overflow) for o in outcomes)
    assert float(outcomes[-1].bad) == 0.0
    scale = float(stepper.variables[-2])
    assert scale == 2.0 ** (15 - sum(float(o.overflow) for o in outcomes))


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


def test_a_loss_that_no_weight_reaches_is_refused():
    _, stepper = _stepper()
    stepper._outputs = lambda noisy, training: {"enhanced": 0.5 * noisy}
    with pytest.raises(ConfigError) as caught:
        stepper.train(_batch(), tf.constant(2.0))
    (line,) = str(caught.value).splitlines()
    assert line.startswith("the loss must depend on a trainable weight")


def test_a_weight_that_the_loss_does_not_depend_on_stays():
    model, stepper = _stepper(name="lstm_irm_multitarget")
    head = model.get_layer("core").get_layer("clean_log_power")
    before = [w.numpy() for w in head.trainable_weights]
    assert before
    stepper.train(_batch(), tf.constant(2.0))
    for weight, value in zip(head.trainable_weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)
