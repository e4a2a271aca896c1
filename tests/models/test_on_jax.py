"""Models under the JAX backend of Keras: same output and gradients as under TensorFlow."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests import instances

pytest.importorskip("jax", reason="jax is not installed")
ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["fastenhancer", "lstm_irm"])
def test_output_and_gradients_are_those_under_tensorflow(name, tmp_path):
    model = instances.MODELS[name]()
    x = 0.1 * instances.random(2, 12 * model.hop_length)
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "x.npz", x=x)
    names = ["model.keras", "x.npz", "result.npz"]
    subprocess.run(
        [sys.executable, "-m", "tests.models.gradients_on_jax", *(tmp_path / n for n in names)],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax"},
        check=True,
    )
    with tf.GradientTape() as tape:
        y = model(x, training=False)
        loss = tf.reduce_mean(tf.square(y))
    gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
    result = np.load(tmp_path / "result.npz")
    np.testing.assert_allclose(result["output"], y, atol=1e-6)
    for number, gradient in enumerate(gradients):
        wanted = gradient.numpy()
        tolerance = 1e-5 * max(np.abs(wanted).max(), 1e-3)
        np.testing.assert_allclose(result[f"gradient_{number}"], wanted, atol=tolerance)
