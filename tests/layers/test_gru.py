"""GRU over time: output and gradient, against the GRU of Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import instances
from tfse.layers import TimeGRU


@pytest.mark.parametrize("frames", [1, 7, 8, 9, 20])
def test_output_and_gradient_are_those_of_keras(frames):
    batch, bands, channels, units = 2, 3, 5, 4
    x = tf.constant(instances.random(batch, frames, bands, channels))
    upstream = instances.random(batch, frames, bands, units, seed=1)
    ours, theirs = _pair(channels, units, x)

    def rows(x):
        return tf.reshape(tf.transpose(x, (0, 2, 1, 3)), (batch * bands, frames, channels))

    def from_rows(y):
        return tf.transpose(tf.reshape(y, (batch, bands, frames, units)), (0, 2, 1, 3))

    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y, expected = ours(x), from_rows(theirs(rows(x)))
        losses = [tf.reduce_sum(value * upstream) for value in (y, expected)]
    np.testing.assert_allclose(y, expected, atol=1e-6)
    for mine, other in (
        (x, x),
        (ours.kernel, theirs.cell.kernel),
        (ours.recurrent_kernel, theirs.cell.recurrent_kernel),
    ):
        gradient = tape.gradient(losses[0], getattr(mine, "value", mine))
        wanted = tape.gradient(losses[1], getattr(other, "value", other))
        np.testing.assert_allclose(gradient, wanted, atol=1e-4)
    biases = tape.gradient(losses[1], theirs.cell.bias.value)
    np.testing.assert_allclose(tape.gradient(losses[0], ours.bias.value), biases[0], atol=1e-4)
    recurrent = tape.gradient(losses[0], ours.recurrent_bias.value)
    np.testing.assert_allclose(recurrent, biases[1, 2 * units :], atol=1e-4)


def test_gradient_reaches_the_state_before_the_first_frame():
    layer = TimeGRU(4)
    x = instances.random(2, 9, 3)
    layer.build(x.shape)
    hidden = tf.Variable(instances.random(2, 4, seed=2))

    def run(hidden):
        y, state = layer.advance(x, {"hidden": hidden})
        return tf.reduce_sum(y**2) + tf.reduce_sum(state["hidden"])

    with tf.GradientTape() as tape:
        value = run(hidden + 0.0)
    slope = tape.gradient(value, hidden).numpy()
    for place in ((0, 0), (1, 3)):
        step = np.zeros((2, 4), np.float32)
        step[place] = 1e-2
        difference = (run(hidden + step) - run(hidden - step)) / 2e-2
        assert slope[place] == pytest.approx(float(difference), abs=2e-3)


def _pair(channels, units, x):
    ours = TimeGRU(units)
    ours.build(x.shape)
    for seed, weight in enumerate(ours.weights):
        weight.assign(0.3 * instances.random(*weight.shape, seed=seed))
    theirs = keras.layers.GRU(units, return_sequences=True, reset_after=True)
    theirs.build((None, x.shape[1], channels))
    second = np.concatenate([np.zeros(2 * units), ours.recurrent_bias.numpy()])
    bias = np.stack([ours.bias.numpy(), second])
    theirs.set_weights([ours.kernel.numpy(), ours.recurrent_kernel.numpy(), bias])
    return ours, theirs
