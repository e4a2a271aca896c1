"""Transformer-IRM: reach into the past, cost, and checks of settings."""

import dataclasses

import numpy as np
import pytest

from tests import instances
from tfse import models
from tfse.errors import ConfigError
from tfse.models.cost import multiply_accumulates


def test_output_depends_on_the_attended_frames_alone():
    config = dataclasses.replace(instances.tiny_transformer_irm(), blocks=1)
    model = models.build(config)
    core = model.get_layer("core")
    spectra = instances.random(1, 20, 33, 2)
    changed = spectra.copy()
    changed[:, 0] += 1.0
    change = np.abs(np.asarray(core(spectra)["mask"]) - np.asarray(core(changed)["mask"]))
    # Attention reaches 4 frames back, each of the two convolutions 2 more.
    assert np.flatnonzero(change.max(axis=(0, 2)) > 0).tolist() == list(range(9))


def test_multiply_accumulates_per_frame():
    config = models.TransformerIRMConfig()
    attention = 192 * 3 * 192 + 2 * 64 * 192 + 192 * 192
    feed_forward = 2 * 3 * 192 * 384
    expected = 257 * 192 + 4 * (attention + feed_forward) + 192 * 257
    assert multiply_accumulates(models.build(config)) == expected


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"blocks": 0}, "`blocks` and `channels` must be 1 or more"),
        ({"heads": 3}, "`heads` must divide the channels"),
        ({"attended_frames": 0}, "`window` must be 1 or more"),
    ],
)
def test_invalid_settings_are_refused(setting, message):
    with pytest.raises(ConfigError, match=message):
        models.build(dataclasses.replace(instances.tiny_transformer_irm(), **setting))
