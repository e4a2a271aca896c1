"""Checks that need Keras on JAX, in subprocesses."""

import numpy as np

import tfse
from tests.tools.programs import on_jax


def test_mixtures(store):
    result = on_jax("jax_mixing.py", STORE=str(store))
    assert result.returncode == 0, result.stdout


def test_training_and_its_file_under_tensorflow(store, tmp_path):
    result = on_jax("jax_training_steps.py", STORE=str(store), SHARED=str(tmp_path))
    assert result.returncode == 0, result.stdout
    saved = np.load(tmp_path / "outputs.npz")
    enhanced = tfse.load(tmp_path / "last.keras")(saved["noisy"])
    np.testing.assert_allclose(enhanced, saved["enhanced"], atol=1e-4)
    assert np.abs(saved["enhanced"]).max() > 1e-2
