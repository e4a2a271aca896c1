"""Agreement of the JAX implementations with those of tfse."""

import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf

from tfse.data import augmentation, epoch_sampler
from tfse.data.config import DataConfig
from tfse.data.open_mixer import open_mixer
from tfse.training.gradient_clip import GradientClip
from tools.jax_training import clipping
from tools.jax_training.augmentation import companded
from tools.jax_training.corpus import sampler_by_crops
from tools.jax_training.store import read_store


@pytest.mark.parametrize("balance", [0.0, 0.5, 1.0])
def test_the_sampler_is_that_of_the_pipeline(prepared, store, balance):
    table = open_mixer(prepared, DataConfig(segment_s=0.5), "train").speech
    wanted = epoch_sampler.by_crops(table, 8000, balance)
    found = sampler_by_crops(read_store(store).speech, 8000, balance)
    for name in ("crops", "first", "count"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))


def test_companding_is_that_of_the_pipeline():
    samples = np.linspace(-1, 1, 999, dtype=np.float32)
    wanted = augmentation.companded(tf.constant(samples))
    np.testing.assert_allclose(companded(samples), wanted, atol=1e-5)


@pytest.mark.parametrize("quantile", [0.0, 0.1, 0.9])
def test_clipping_is_that_of_the_product(quantile):
    theirs, history = GradientClip(5.0, quantile), clipping.no_history()
    for norm in np.random.default_rng(0).uniform(1, 50, 230).astype(np.float32):
        limit = clipping.norm_limit(history, 5.0, quantile)
        assert float(limit) == pytest.approx(float(theirs.limit()))
        history = clipping.remembered(history, jnp.float32(norm))
        theirs.remember(tf.constant(norm))
