"""Widening of a DPCRN and a FastEnhancer: output of the narrow model, and different copies."""

import dataclasses

import numpy as np
import pytest

from tests import instances
from tfse.errors import ModelError
from tfse.models import build
from tfse.models.widening import widen

# Twice the channels between the dual-path blocks; uneven factors elsewhere.
WIDER = {"filters": (6, 9, 12), "frequency_units": 7, "time_units": 8}


def _narrow(**settings):
    return _with_distinct_weights(build(instances.tiny_dpcrn(**settings)))


def _with_distinct_weights(model):
    rng = np.random.default_rng(3)
    # Distinct weights, so that errors of order change the output.
    for weight in model.weights:
        weight.assign(np.abs(rng.standard_normal(weight.shape)) * 0.3 + 0.05)
    return model


def _wide(**settings):
    return build(dataclasses.replace(instances.tiny_dpcrn(), **{**WIDER, **settings}))


@pytest.mark.parametrize("settings", [{}, {"log_power_input": True, "mask": "polar", "blocks": 1}])
def test_the_wide_model_has_the_output_of_the_narrow_one(settings):
    narrow, wide = _narrow(**settings), _wide(**settings)
    x = instances.random(2, 40 * 32)
    expected = np.asarray(narrow(x))
    assert np.abs(expected).max() > 1e-3
    assert np.abs(np.asarray(wide(x)) - expected).max() > 1e-3
    widen(wide, narrow)
    np.testing.assert_allclose(np.asarray(wide(x)), expected, atol=2e-5 * np.abs(expected).max())


def test_uneven_copies_between_the_blocks_keep_the_output_close():
    narrow, wide = _narrow(), _wide(filters=(6, 9, 15))
    x = instances.random(2, 40 * 32)
    expected = np.asarray(narrow(x))
    widen(wide, narrow)
    error = np.sum((np.asarray(wide(x)) - expected) ** 2) / np.sum(expected**2)
    assert 1e-8 < error < 0.03


def test_batch_statistics_of_the_wide_model_are_those_of_the_narrow_one():
    narrow, wide = _narrow(), _wide()
    widen(wide, narrow)
    x = instances.random(2, 40 * 32)
    expected = np.asarray(narrow(x, training=True))
    found = np.asarray(wide(x, training=True))
    np.testing.assert_allclose(found, expected, atol=2e-5 * np.abs(expected).max())


def test_copies_of_a_unit_are_read_with_different_weights():
    narrow, wide = _narrow(), _wide()
    widen(wide, narrow, seed=1)
    values = {weight.path: np.asarray(weight) for weight in wide.weights}
    narrow_values = {weight.path: np.asarray(weight) for weight in narrow.weights}
    # Units 0 and 4 of the first stage are copies: same kernel, different weights that read them.
    written = values["encoder_0/kernel"]
    np.testing.assert_array_equal(written[..., 0], written[..., 4])
    read = values["encoder_1/kernel"][..., :4]
    np.testing.assert_allclose(
        read[:, :, 0] + read[:, :, 4], narrow_values["encoder_1/kernel"][:, :, 0], atol=1e-6
    )
    assert np.abs(read[:, :, 0] - read[:, :, 4]).min() > 1e-6
    # Weights that read a unit without copies do not change.
    np.testing.assert_array_equal(read[:, :, 2], narrow_values["encoder_1/kernel"][:, :, 2])
    other = _wide()
    widen(other, narrow, seed=2)
    assert not np.array_equal(np.asarray(other.get_layer("core").get_weights()[8]), read)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"filters": (3, 9, 12)},
            "must not be narrower; received 3 units for 4 in encoder_0/kernel",
        ),
        ({"time_units": 4}, "must not be narrower; received 16 units for 20"),
        ({"blocks": 1}, "2 and 1 blocks"),
        ({"frame_length": 128, "fft_length": 128, "hop_length": 64}, "frame_length 128 for 64"),
        ({"window": "sqrt_hann"}, "window sqrt_hann for sine"),
        ({"mask": "polar"}, "must differ only in filters, channels and units; received the shapes"),
        ({"log_power_input": True}, "standardization/mean is missing"),
    ],
)
def test_incompatible_models_are_refused_and_unchanged(settings, message):
    narrow, wide = _narrow(), _wide(**settings)
    before = wide.get_weights()
    with pytest.raises(ModelError, match=message):
        widen(wide, narrow)
    for one, other in zip(before, wide.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


FAST = [
    {"channels": 6, "block_channels": 8},
    {"channels": 8, "block_channels": 12, "log_power_input": True, "mask": "polar"},
    {"channels": 4, "block_channels": 20, "dc_time_s": 0.5},
]


@pytest.mark.parametrize("settings", FAST)
def test_a_wide_fastenhancer_has_the_output_of_the_narrow_one(settings):
    shared = {k: v for k, v in settings.items() if not k.endswith("channels")}
    narrow = _with_distinct_weights(build(instances.tiny_fastenhancer(**shared)))
    # Signs, so that the sums of many channels do not grow.
    rng = np.random.default_rng(4)
    for weight in narrow.weights:
        if weight.path.endswith("kernel") and "bands" not in weight.path:
            weight.assign(weight * rng.choice([-1.0, 1.0], weight.shape))
    wide = build(instances.tiny_fastenhancer(**settings))
    x = instances.random(2, 40 * 32)
    for training in (False, True):
        before = [np.asarray(w) for w in narrow.weights]
        widen(wide, narrow)
        expected = np.asarray(narrow(x, training=training))
        found = np.asarray(wide(x, training=training))
        assert np.abs(expected).max() > 1e-3
        np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())
        for weight, value in zip(narrow.weights, before, strict=True):
            weight.assign(value)


def test_queries_are_divided_among_copies_and_keys_and_values_are_repeated():
    narrow = _with_distinct_weights(build(instances.tiny_fastenhancer()))
    wide = build(instances.tiny_fastenhancer(block_channels=8))
    widen(wide, narrow)
    kernel = np.asarray(wide.get_layer("core").get_layer("block_1_attention").kernel)
    # Two heads of three units become two heads of four: unit 3 is a copy of unit 0.
    keys, values = kernel[:, 8:16], kernel[:, 16:]
    for copied in (keys, values):
        np.testing.assert_array_equal(copied[:, 0], copied[:, 3])
        np.testing.assert_array_equal(copied[:, 4], copied[:, 7])
    narrow_kernel = np.asarray(narrow.get_layer("core").get_layer("block_1_attention").kernel)
    shared = kernel[2:4, 0] + kernel[2:4, 3]
    np.testing.assert_allclose(shared, np.sqrt(4 / 3) * narrow_kernel[2:4, 0], rtol=1e-5)
    assert np.abs(kernel[:, 0] - kernel[:, 3]).min() > 1e-3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"block_channels": 4}, "must not be narrower; received 4 units for 6 in"),
        ({"heads": 3}, "must have the same heads; received 2 and 3"),
        ({"bands": 7}, "must differ only in filters, channels and units; received the shapes"),
        ({"blocks": 3}, "the narrow model must have every layer; block_2_gru/kernel is missing"),
        ({"hop_length": 16}, "received hop_length 16 for 32"),
    ],
)
def test_incompatible_fastenhancers_are_refused(settings, message):
    narrow = build(instances.tiny_fastenhancer())
    wide = build(dataclasses.replace(instances.tiny_fastenhancer(), **settings))
    with pytest.raises(ModelError, match=message):
        widen(wide, narrow)


def test_other_models_are_refused():
    lstm = build(instances.tiny_lstm_irm())
    with pytest.raises(ModelError, match="0 and 3 stages"):
        widen(_wide(), lstm)
    fast = build(instances.tiny_fastenhancer())
    message = "both models must be DPCRNs or both FastEnhancers; received"
    with pytest.raises(ModelError, match=f"{message} tiny_fastenhancer and tiny_dpcrn"):
        widen(_wide(), fast)
    with pytest.raises(ModelError, match=f"{message} tiny_lstm_irm and tiny_fastenhancer"):
        widen(fast, lstm)
    with pytest.raises(ModelError, match="0 and 0 stages"):
        widen(lstm, lstm)
