"""Contracts of all losses: independent examples, ignored padding and finite gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.losses import loss_instances
from tfse import losses

LOSSES = loss_instances.all_losses()
LENGTHS = loss_instances.LENGTHS
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def _both():
    targets = loss_instances.targets()
    return targets, loss_instances.outputs(targets)


def _value_and_gradients(loss, targets, outputs):
    """Returns the losses of examples, and their gradients by the outputs that they depend on."""
    variables = {name: tf.Variable(value) for name, value in outputs.items()}
    with tf.GradientTape() as tape:
        value = loss(targets, {name: v + 0.0 for name, v in variables.items()})
    gradients = tape.gradient(value, variables)
    return value.numpy(), {n: g.numpy() for n, g in gradients.items() if g is not None}


def test_every_weight_of_the_config_has_an_instance():
    others = {"mask_exponent", "mask_limit", "mask_steepness", "compression", "complex_weight"}
    others |= {"residual_floor_db", "snr_limit_db"}
    assert set(vars(losses.LossConfig())) - others == set(LOSSES)


@every_loss
def test_is_a_keras_loss_of_float32(loss):
    targets, outputs = _both()
    halves = {name: tf.cast(value, tf.bfloat16) for name, value in outputs.items()}
    assert isinstance(loss, keras.losses.Loss)
    assert loss(targets, halves).dtype == tf.float32


def test_a_policy_of_half_precision_changes_nothing():
    targets, outputs = _both()
    expected = {name: loss(targets, outputs).numpy() for name, loss in LOSSES.items()}
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        made = loss_instances.all_losses()
        # Its layers belong to a model and keep the precision of the model.
        del made["clean_log_power_mse"]
        found = {name: loss(targets, outputs).numpy() for name, loss in made.items()}
    finally:
        keras.config.set_dtype_policy(policy)
    for name, value in found.items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


@every_loss
def test_examples_are_independent_and_padding_is_ignored_even_nan(loss):
    targets, outputs = _both()
    padded = loss_instances.spoil_padding(targets, outputs, LENGTHS)
    together, gradients = _value_and_gradients(loss, *padded)
    assert together.shape == (3,)
    for row, samples in enumerate(LENGTHS):
        one = loss_instances.cut(targets, row, samples) | {"length": np.array([samples], np.int32)}
        alone, slopes = _value_and_gradients(loss, one, loss_instances.cut(outputs, row, samples))
        np.testing.assert_allclose(together[row : row + 1], alone, rtol=1e-4, atol=1e-6)
        for name, slope in slopes.items():
            mine = gradients[name][row : row + 1, : slope.shape[1]]
            scale = np.abs(slope).max()
            np.testing.assert_allclose(mine, slope, rtol=1e-3, atol=1e-3 * scale, err_msg=name)
            assert not gradients[name][row, slope.shape[1] :].any()


@every_loss
@pytest.mark.parametrize("silent", ["clean", "noise", "estimate", "clean and estimate", "all"])
def test_loss_and_gradient_of_silence_are_finite(loss, silent):
    targets, outputs = _both()
    if "clean" in silent or silent == "all":
        targets |= {"clean": 0 * targets["clean"], "noisy": targets["noise"]}
    if silent in ("noise", "all"):
        targets |= {"noise": 0 * targets["noise"], "noisy": targets["clean"]}
    if "estimate" in silent or silent == "all":
        outputs = {head: 0 * values for head, values in outputs.items()}
    value, gradients = _value_and_gradients(loss, targets, outputs)
    assert gradients
    assert np.isfinite(value).all()
    assert all(np.isfinite(gradient).all() for gradient in gradients.values())


ON_WAVEFORM = {
    name: loss
    for name, loss in LOSSES.items()
    if name not in ("mask_mse", "complex_mask_mse", "clean_log_power_mse")
}
every_loss_on_waveforms = pytest.mark.parametrize("loss", ON_WAVEFORM.values(), ids=ON_WAVEFORM)


@every_loss_on_waveforms
def test_clean_speech_has_the_lowest_loss_and_a_finite_gradient(loss):
    targets, outputs = _both()
    best, gradients = _value_and_gradients(loss, targets, {"enhanced": targets["clean"]})
    assert np.isfinite(gradients["enhanced"]).all()
    for other in (outputs["enhanced"], 0.5 * outputs["enhanced"], targets["noisy"]):
        assert (best <= loss(targets, {"enhanced": other}).numpy() + 1e-6).all()


@every_loss
def test_a_gradient_step_lowers_the_loss(loss):
    targets, outputs = _both()
    value, gradients = _value_and_gradients(loss, targets, outputs)
    for name, gradient in gradients.items():
        share = 1e-3 * np.linalg.norm(outputs[name]) / np.linalg.norm(gradient)
        better = outputs | {name: outputs[name] - share * gradient}
        assert loss(targets, better).numpy().sum() < value.sum()


@every_loss_on_waveforms
def test_gradient_points_from_noisy_to_clean(loss):
    targets, _ = _both()
    if "residual" in loss.name:
        targets["clean"] *= 0
    _, gradients = _value_and_gradients(loss, targets, {"enhanced": targets["noisy"]})
    toward_clean = (gradients["enhanced"] * (targets["clean"] - targets["noisy"])).sum()
    # Over-suppression is insensitive to residual noise.
    assert toward_clean < 0 or loss.name == "over_suppression"


@every_loss
def test_shapes_may_be_dynamic(loss):
    targets, outputs = _both()
    expected = loss(targets, outputs).numpy()

    def signature(arrays):
        return {
            n: tf.TensorSpec([None] * min(v.ndim, 2) + list(v.shape[2:]), v.dtype)
            for n, v in arrays.items()
        }

    signatures = [signature(targets), signature(outputs)]
    graph = tf.function(loss, input_signature=signatures, autograph=False)
    np.testing.assert_allclose(graph(targets, outputs).numpy(), expected, rtol=1e-4, atol=1e-6)
    short, heads = ({n: v[:1] for n, v in a.items()} for a in (targets, outputs))
    short = loss_instances.cut(short, 0, 50) | {"length": np.array([50], np.int32)}
    assert np.isfinite(graph(short, loss_instances.cut(heads, 0, 50)).numpy()).all()
