"""Losses against NumPy, padding, silence, and gradients that stay finite."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests import examples
from tfse import losses, models
from tfse.errors import ConfigError
from tfse.layers import STFT
from tfse.losses.base import spectrum

SAMPLES, PADDING = 1000, 537
TRANSFORM = {"frame_length": 64, "hop_length": 32}


def _targets(scale=0.1, samples=SAMPLES):
    clean = scale * examples.random(3, samples)
    noise = 0.5 * scale * examples.random(3, samples, seed=1)
    length = np.full(3, samples, np.int32)
    return {"clean": clean, "noise": noise, "noisy": clean + noise, "length": length}


def _outputs(targets):
    frames = -(-(SAMPLES + 32) // 32)
    return {
        "enhanced": 0.8 * targets["clean"] + 0.3 * targets["noise"],
        "mask": np.abs(examples.random(3, frames, 33, seed=2)) % 1,
        "clean_log_power": examples.random(3, frames, 33, seed=3),
    }


def _stft():
    return STFT(**TRANSFORM)


def _all_losses():
    core = examples.MODELS["lstm_irm_multitarget"]().get_layer("core")
    return {
        "mask_mse": losses.MaskMSE(_stft()),
        "clean_log_power_mse": losses.CleanLogPowerMSE(
            _stft(), core.get_layer("log_power"), core.get_layer("standardization")
        ),
        "negative_snr": losses.NegativeSNR(),
        "negative_si_sdr": losses.NegativeSISDR(),
        "log_spectral_mse": losses.LogSpectralMSE(_stft()),
        "compressed_spectrum_mse": losses.CompressedSpectrumMSE(_stft()),
    }


def _padded(targets, outputs):
    """Adds padding in which the model speaks, and the targets are silent."""
    wave = [(0, 0), (0, PADDING)]
    frames = [(0, 0), (0, 17), (0, 0)]
    longer = {n: v if n == "length" else np.pad(v, wave) for n, v in targets.items()}
    return longer, {
        "enhanced": np.pad(outputs["enhanced"], wave, constant_values=0.7),
        "mask": np.pad(outputs["mask"], frames, constant_values=0.9),
        "clean_log_power": np.pad(outputs["clean_log_power"], frames, constant_values=5),
    }


@pytest.mark.parametrize("name", _all_losses())
def test_padding_adds_nothing(name):
    loss, targets = _all_losses()[name], _targets()
    outputs = _outputs(targets)
    alone, padded = loss(targets, outputs), loss(*_padded(targets, outputs))
    np.testing.assert_allclose(np.asarray(padded), np.asarray(alone), rtol=1e-5)


@pytest.mark.parametrize("name", _all_losses())
def test_every_example_has_a_loss_of_its_own(name):
    loss, targets = _all_losses()[name], _targets()
    outputs = _outputs(targets)
    together = np.asarray(loss(targets, outputs))
    assert together.shape == (3,)
    for row in range(3):
        one = slice(row, row + 1)
        alone = loss(
            {n: v[one] for n, v in targets.items()}, {n: v[one] for n, v in outputs.items()}
        )
        np.testing.assert_allclose(together[one], np.asarray(alone), rtol=1e-5)


@pytest.mark.parametrize("name", _all_losses())
@pytest.mark.parametrize("silent", ["clean", "estimate", "both"])
def test_silence_gives_a_finite_loss_and_gradient(name, silent):
    loss, targets = _all_losses()[name], _targets()
    outputs = _outputs(targets)
    if silent != "estimate":
        targets |= {"clean": 0 * targets["clean"], "noisy": targets["noise"]}
    if silent != "clean":
        outputs = {head: 0 * values for head, values in outputs.items()}
    variables = {head: tf.Variable(values) for head, values in outputs.items()}
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(loss(targets, {h: v + 0.0 for h, v in variables.items()}))
    gradients = [g for g in tape.gradient(value, list(variables.values())) if g is not None]
    assert gradients
    assert np.isfinite(value.numpy())
    assert all(np.isfinite(g.numpy()).all() for g in gradients)


def test_snr_is_its_formula():
    targets = _targets()
    enhanced = _outputs(targets)["enhanced"]
    error = targets["clean"] - enhanced
    expected = -10 * np.log10((targets["clean"] ** 2).sum(1) / (error**2).sum(1))
    value = losses.NegativeSNR()(targets, {"enhanced": enhanced})
    np.testing.assert_allclose(np.asarray(value), expected, atol=1e-3)


def test_si_sdr_is_its_formula_and_forgets_the_scale():
    targets = _targets()
    enhanced, clean = _outputs(targets)["enhanced"], targets["clean"]
    scale = (enhanced * clean).sum(1, keepdims=True) / (clean**2).sum(1, keepdims=True)
    error = ((scale * clean - enhanced) ** 2).sum(1)
    expected = -10 * np.log10(((scale * clean) ** 2).sum(1) / error)
    for gain in (1.0, 3.0):
        value = losses.NegativeSISDR()(targets, {"enhanced": gain * enhanced})
        np.testing.assert_allclose(np.asarray(value), expected, atol=1e-3)


def _numpy_spectrum(waveform):
    frames = -(-(waveform.shape[1] + 32) // 32)
    padded = np.pad(waveform, [(0, 0), (32, frames * 32 - waveform.shape[1])])
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(64) / 64))
    cut = np.stack([padded[:, t * 32 : t * 32 + 64] * window for t in range(frames)], axis=1)
    return np.fft.rfft(cut)


def test_log_spectral_mse_is_its_formula():
    targets = _targets()
    enhanced = _outputs(targets)["enhanced"]
    clean, estimate = _numpy_spectrum(targets["clean"]), _numpy_spectrum(enhanced)
    errors = np.abs(clean - estimate) ** 2 + (np.abs(clean) - np.abs(estimate)) ** 2
    value = losses.LogSpectralMSE(_stft())(targets, {"enhanced": enhanced})
    np.testing.assert_allclose(np.asarray(value), np.log(errors.mean(axis=(1, 2))), atol=1e-4)


def test_compressed_spectrum_mse_is_its_formula():
    targets = _targets()
    enhanced = _outputs(targets)["enhanced"]
    clean, estimate = _numpy_spectrum(targets["clean"]), _numpy_spectrum(enhanced)
    magnitudes = (np.abs(clean) ** 0.3 - np.abs(estimate) ** 0.3) ** 2
    phases = clean / np.abs(clean) ** 0.7 - estimate / np.abs(estimate) ** 0.7
    expected = (0.7 * magnitudes + 0.3 * np.abs(phases) ** 2).mean(axis=(1, 2))
    value = losses.CompressedSpectrumMSE(_stft())(targets, {"enhanced": enhanced})
    np.testing.assert_allclose(np.asarray(value), expected, rtol=1e-3)


@pytest.mark.parametrize("exponent", [0.5, 1.0])
def test_mask_mse_is_its_formula(exponent):
    targets = _targets()
    mask = _outputs(targets)["mask"]
    clean = np.abs(_numpy_spectrum(targets["clean"])) ** 2
    noise = np.abs(_numpy_spectrum(targets["noise"])) ** 2
    ideal = (clean / (clean + noise)) ** exponent
    value = losses.MaskMSE(_stft(), exponent)(targets, {"mask": mask})
    np.testing.assert_allclose(
        np.asarray(value), ((mask - ideal) ** 2).mean(axis=(1, 2)), rtol=1e-4
    )


def test_clean_log_power_is_standardized_as_the_input_is():
    core = examples.MODELS["lstm_irm_multitarget"]().get_layer("core")
    core.get_layer("standardization").set_statistics(np.full(33, -4.0), np.full(33, 2.0))
    loss = losses.CleanLogPowerMSE(
        _stft(), core.get_layer("log_power"), core.get_layer("standardization")
    )
    targets = _targets()
    estimate = _outputs(targets)["clean_log_power"]
    power = np.abs(_numpy_spectrum(targets["clean"])) ** 2
    target = (np.log(power + 1e-8) + 4) / 2
    value = loss(targets, {"clean_log_power": estimate})
    expected = ((estimate - target) ** 2).mean(axis=(1, 2))
    np.testing.assert_allclose(np.asarray(value), expected, rtol=1e-4)


def test_spectrum_holds_every_sample():
    waveform = examples.random(1, 100)
    ours = np.asarray(spectrum(waveform, _stft()))
    expected = _numpy_spectrum(waveform)
    np.testing.assert_allclose(ours[..., 0] + 1j * ours[..., 1], expected, atol=1e-4)


def test_weights_add_up():
    model = examples.MODELS["lstm_irm"]()
    config = losses.LossConfig(mask_mse=2.0, negative_snr=0.5)
    targets = _targets()
    outputs = _outputs(targets)
    value = losses.build_loss(config, model)(targets, outputs)
    expected = 2 * losses.MaskMSE(model.stft)(targets, outputs)
    expected += 0.5 * losses.NegativeSNR()(targets, outputs)
    np.testing.assert_allclose(np.asarray(value), np.asarray(expected), rtol=1e-5)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (losses.LossConfig(), "a loss must have a weight"),
        (losses.LossConfig(mask_mse=1.0), "`mask_mse` needs a head `mask` of .*tiny_dpcrn"),
        (losses.LossConfig(clean_log_power_mse=1.0), "needs a head `clean_log_power`"),
    ],
)
def test_a_loss_that_the_model_cannot_serve_is_refused(config, message):
    with pytest.raises(ConfigError, match=message):
        losses.build_loss(config, models.build(examples.tiny_dpcrn()))


def test_losses_are_keras_losses():
    assert all(isinstance(loss, keras.losses.Loss) for loss in _all_losses().values())
