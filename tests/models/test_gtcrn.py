"""GTCRN: sizes of the paper, and checks of settings."""

import dataclasses

import numpy as np
import pytest

from tests import instances
from tfse import models
from tfse.errors import ConfigError
from tfse.layers import FrequencyGRU, TimeGRU
from tfse.layers.graph import all_layers
from tfse.models.cost import multiply_accumulates


def test_sizes_are_the_authors():
    model = models.build(models.GTCRNConfig())
    grus = [layer for layer in all_layers(model) if isinstance(layer, TimeGRU | FrequencyGRU)]
    # A GRU of PyTorch has a second bias for the gates z and r.
    second = sum(2 * int(layer.recurrent_bias.shape[0]) for layer in grus)
    trained = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert trained + second == 23_669
    bands = 2 * 64 * 192
    assert trained + second + bands == pytest.approx(48.2e3, rel=0.01)
    # The authors count 33 M per second, with normalizations, activations and gates.
    assert multiply_accumulates(model) == 420_944


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"kept_bins": 14}, "must be a multiple of 4, to be halved twice"),
        ({"channels": 6}, "`channels` must be a multiple of 4"),
        ({"bands": 24}, "bands must be at least a bin wide"),
    ],
)
def test_invalid_settings_are_refused(setting, message):
    with pytest.raises(ConfigError, match=message):
        models.build(dataclasses.replace(instances.tiny_gtcrn(), **setting))
