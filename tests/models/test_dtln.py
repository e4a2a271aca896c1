"""DTLN: sizes of the paper, level of the output, and checks of settings."""

import dataclasses

import numpy as np
import pytest

from tests import instances
from tfse import models
from tfse.errors import ConfigError
from tfse.models.cost import multiply_accumulates


@pytest.mark.parametrize(("normalized", "parameters"), [(False, 986_753), (True, 987_267)])
def test_sizes_are_the_papers(normalized, parameters):
    model = models.build(models.DTLNConfig(normalized_input=normalized))
    assert model.count_params() == parameters
    assert model.latency_samples == 384
    per_second = multiply_accumulates(model) * model.sample_rate / model.hop_length
    assert per_second == pytest.approx(123e6, rel=0.01)


def test_normalized_input_is_insensitive_to_the_level():
    model = models.build(instances.tiny_dtln(normalized_input=True))
    x = 0.1 * instances.random(1, 40 * 16)
    masks = [np.asarray(model.get_layer("core")(model.stft(g * x))["mask"]) for g in (1, 1e-2)]
    np.testing.assert_allclose(masks[0][:, 4:], masks[1][:, 4:], atol=1e-3)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"fft_length": 128}, "`fft_length` must be `frame_length`"),
        ({"units": ()}, "`units` and `code_size` must be set"),
        ({"code_size": 0}, "`units` and `code_size` must be set"),
        ({"dropout": 1.0}, "`dropout` must be 0 or more, below 1"),
    ],
)
def test_invalid_settings_are_refused(setting, message):
    config = dataclasses.replace(instances.tiny_dtln(), **setting)
    with pytest.raises(ConfigError, match=message):
        models.build(config)
