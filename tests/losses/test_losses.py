"""Losses on waveforms, spectra and masks, against NumPy, and weighted sums."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tests import instances
from tfse import losses, models
from tfse.errors import ConfigError
from tfse.layers import STFT
from tfse.layers.padding import spectrum
from tfse.losses.weighted import _BUILDERS

SAMPLES = 1000
TRANSFORM = {"frame_length": 64, "hop_length": 32}


def _targets(scale=0.1, samples=SAMPLES):
    clean = scale * instances.random(3, samples)
    noise = 0.5 * scale * instances.random(3, samples, seed=1)
    length = np.full(3, samples, np.int32)
    return {"clean": clean, "noise": noise, "noisy": clean + noise, "length": length}


def _outputs(targets):
    frames = -(-(SAMPLES + 32) // 32)
    return {
        "enhanced": 0.8 * targets["clean"] + 0.3 * targets["noise"],
        "mask": np.abs(instances.random(3, frames, 33, seed=2)) % 1,
        "clean_log_power": instances.random(3, frames, 33, seed=3),
    }


def _stft():
    return STFT(**TRANSFORM)


def test_snr_is_its_formula():
    targets = _targets()
    enhanced = _outputs(targets)["enhanced"]
    error = targets["clean"] - enhanced
    expected = -10 * np.log10((targets["clean"] ** 2).sum(1) / (error**2).sum(1))
    value = losses.NegativeSNR(math.inf)(targets, {"enhanced": enhanced})
    np.testing.assert_allclose(np.asarray(value), expected, atol=1e-3)


@pytest.mark.parametrize("snr_db", [-10.0, 10.0, 30.0, 60.0])
def test_snr_approaches_its_limit_and_its_slope_is_bounded(snr_db):
    targets = _targets()
    clean, noise = targets["clean"], targets["noise"]
    gain = np.sqrt((clean**2).sum(1) / (noise**2).sum(1) / 10 ** (snr_db / 10))
    enhanced = tf.Variable(clean + gain[:, None] * noise)
    with tf.GradientTape() as tape:
        value = losses.NegativeSNR(30.0)(targets, {"enhanced": enhanced + 0.0})
    expected = 10 * np.log10(10 ** (-snr_db / 10) + 1e-3)
    np.testing.assert_allclose(value.numpy(), expected, atol=1e-2)
    slope = np.linalg.norm(tape.gradient(value, enhanced), axis=1)
    # 20 / ln(10) r / (r^2 + 10^-3), of the error's relative length r, has its peak at -30 dB.
    peak = 10 / np.log(10) / np.sqrt(1e-3) / np.linalg.norm(clean, axis=1)
    assert (slope <= 1.001 * peak).all()


def test_si_sdr_is_its_formula_for_any_scale():
    targets = _targets()
    enhanced, clean = _outputs(targets)["enhanced"], targets["clean"]
    scale = (enhanced * clean).sum(1, keepdims=True) / (clean**2).sum(1, keepdims=True)
    error = ((scale * clean - enhanced) ** 2).sum(1)
    expected = -10 * np.log10(((scale * clean) ** 2).sum(1) / error)
    for gain in (1.0, 3.0):
        value = losses.NegativeSISDR(math.inf)(targets, {"enhanced": gain * enhanced})
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


@pytest.mark.parametrize(("limit", "steepness"), [(10.0, 0.1), (2.0, 1.0)])
def test_complex_mask_mse_is_its_formula(limit, steepness):
    targets = _targets()
    mask = 2 * instances.random(3, 33, 33, 2, seed=5)
    ideal = _numpy_spectrum(targets["clean"]) / _numpy_spectrum(targets["noisy"])
    target = np.stack([ideal.real, ideal.imag], axis=-1)
    compressed = [
        limit * (1 - np.exp(-steepness * x)) / (1 + np.exp(-steepness * x)) for x in (mask, target)
    ]
    expected = ((compressed[0] - compressed[1]) ** 2).mean(axis=(1, 2, 3))
    value = losses.ComplexMaskMSE(_stft(), limit, steepness)(targets, {"mask": mask})
    np.testing.assert_allclose(np.asarray(value), expected, rtol=1e-3)


def test_the_ideal_complex_mask_has_no_error():
    targets = _targets()
    clean, noisy = (_numpy_spectrum(targets[name]) for name in ("clean", "noisy"))
    mask = np.stack([(clean / noisy).real, (clean / noisy).imag], axis=-1).astype(np.float32)
    value = losses.ComplexMaskMSE(_stft())(targets, {"mask": mask})
    np.testing.assert_allclose(np.asarray(value), 0, atol=1e-6)


def test_clean_log_power_is_standardized_like_the_input():
    core = instances.MODELS["lstm_irm_multitarget"]().get_layer("core")
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
    waveform = instances.random(1, 100)
    ours = np.asarray(spectrum(waveform, _stft()))
    expected = _numpy_spectrum(waveform)
    np.testing.assert_allclose(ours[..., 0] + 1j * ours[..., 1], expected, atol=1e-4)


def test_weights_add_up():
    model = instances.MODELS["lstm_irm"]()
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
        (losses.LossConfig(), "one loss must have a weight above 0"),
        (losses.LossConfig(mask_mse=1.0), "`mask_mse` needs a head `mask` of .*tiny_dpcrn"),
        (
            losses.LossConfig(complex_mask_mse=1.0, mask_limit=0.0),
            "must be above 0; received mask_limit=0.0",
        ),
        (losses.LossConfig(clean_log_power_mse=1.0), "needs a head `clean_log_power`"),
    ],
)
def test_a_loss_without_its_head_is_refused(config, message):
    with pytest.raises(ConfigError, match=message):
        losses.build_loss(config, models.build(instances.tiny_dpcrn()))


@pytest.mark.parametrize("name", sorted(_BUILDERS))
@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_an_invalid_weight_is_refused(name, weight):
    config = losses.LossConfig(**{"negative_snr": 1.0, name: weight})
    with pytest.raises(ConfigError, match=f"`loss.{name}` must not be negative.*{weight}"):
        losses.build_loss(config, instances.MODELS["lstm_irm_multitarget"]())


def test_complex_mask_loss_of_a_ratio_mask_is_refused():
    needs = r"`complex_mask_mse` needs a head `mask` of \[batch, frames, bins, 2\]"
    with pytest.raises(ConfigError, match=needs):
        losses.build_loss(losses.LossConfig(complex_mask_mse=1.0), instances.MODELS["lstm_irm"]())


def test_settings_reach_their_losses():
    model = models.build(instances.tiny_dpcrn())
    targets = _targets()
    outputs = {"enhanced": _outputs(targets)["enhanced"]}
    outputs["mask"] = instances.random(3, 33, 33, 2, seed=5)

    def value(**settings):
        return np.asarray(losses.build_loss(losses.LossConfig(**settings), model)(targets, outputs))

    for weight, setting, other in [
        ("complex_mask_mse", "mask_limit", 1.0),
        ("complex_mask_mse", "mask_steepness", 1.0),
        ("compressed_spectrum_mse", "compression", 0.5),
        ("compressed_spectrum_mse", "complex_weight", 0.9),
        ("over_suppression", "compression", 0.5),
    ]:
        assert (value(**{weight: 1.0}) != value(**{weight: 1.0, setting: other})).all()
    targets["clean"] *= 0
    assert (value(residual_level=1.0) > value(residual_level=1.0, residual_floor_db=-20.0)).all()
