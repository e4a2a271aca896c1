"""Suppression losses, and other losses where the target is silent."""

import numpy as np
import pytest
import tensorflow as tf

from tests.losses import loss_instances
from tfse import losses
from tfse.errors import ConfigError
from tfse.layers.padding import spectrum


def _magnitudes(waveform):
    parts = np.asarray(spectrum(waveform, loss_instances.stft()), np.float64)
    return np.abs(parts[..., 0] + 1j * parts[..., 1])


@pytest.mark.parametrize("power", [0.3, 1.0])
def test_over_suppression_is_its_formula(power):
    targets = loss_instances.targets()
    enhanced = loss_instances.outputs(targets)["enhanced"]
    clean, estimate = (_magnitudes(x) ** power for x in (targets["clean"], enhanced))
    missing = np.where(clean > estimate, clean - estimate, 0.0)
    value = losses.OverSuppression(loss_instances.stft(), power)(targets, {"enhanced": enhanced})
    np.testing.assert_allclose(np.asarray(value), (missing**2).mean(axis=(1, 2)), rtol=1e-3)


def test_over_suppression_counts_missing_speech_and_not_residual_noise():
    targets = loss_instances.targets()
    loss = losses.OverSuppression(loss_instances.stft())
    quiet, loud = (np.asarray(loss(targets, {"enhanced": g * targets["clean"]})) for g in (0.5, 2))
    assert (quiet > 1e-3).all()
    np.testing.assert_allclose(loud, 0, atol=1e-9)


def test_with_the_compressed_spectrum_it_is_the_asymmetric_loss():
    """A weight of a^2 - 1 makes missing speech count a times: VoiceFilter-Lite, equation 3."""
    targets = loss_instances.targets()
    enhanced = loss_instances.outputs(targets)["enhanced"]
    symmetric = losses.CompressedSpectrumMSE(loss_instances.stft(), complex_weight=0.0)
    missing = losses.OverSuppression(loss_instances.stft())
    found = symmetric(targets, {"enhanced": enhanced}) + 8 * missing(
        targets, {"enhanced": enhanced}
    )
    # Both limit bins to -140 dBFS, which matters in the pause.
    clean, estimate = (np.sqrt(_magnitudes(x) ** 2 + 1e-12) for x in (targets["clean"], enhanced))
    difference = clean**0.3 - estimate**0.3
    expected = (np.where(difference > 0, 3 * difference, difference) ** 2).mean(axis=(1, 2))
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-3)


def _noise_alone(samples=1000):
    noisy = 0.1 * np.random.default_rng(0).standard_normal((3, samples)).astype(np.float32)
    return {"clean": 0 * noisy, "noisy": noisy, "length": np.full(3, samples, np.int32)}


@pytest.mark.parametrize(
    ("gain", "expected"), [(1.0, 40.0), (0.1, 20.04), (0.01, 3.01), (0.0, 0.0)]
)
def test_residual_level_is_that_of_residual_noise_in_db(gain, expected):
    targets = _noise_alone()
    value = losses.ResidualLevel(100)(targets, {"enhanced": gain * targets["noisy"]})
    np.testing.assert_allclose(np.asarray(value), expected, atol=0.01)


def test_residual_level_depends_on_silent_frames_only():
    targets = _noise_alone()
    targets["clean"] = targets["clean"].copy()
    targets["clean"][:, 300:] = targets["noisy"][:, 300:]
    enhanced = targets["noisy"].copy()
    enhanced[:, :100] *= 0.1
    enhanced[:, 100:300] *= 0.0
    value = losses.ResidualLevel(100)(targets, {"enhanced": enhanced})
    np.testing.assert_allclose(np.asarray(value), 20.04 / 3, atol=0.01)


def test_residual_level_of_speech_or_of_silence_is_zero():
    targets = _noise_alone()
    estimate = {"enhanced": targets["noisy"]}
    loss = losses.ResidualLevel(100)
    speech = targets | {"clean": targets["noisy"]}
    silence = targets | {"noisy": 0 * targets["noisy"]}
    assert not np.asarray(loss(speech, estimate)).any()
    assert not np.asarray(loss(silence, estimate)).any()


def test_residual_floor_must_be_below_zero():
    with pytest.raises(ConfigError, match="`residual_floor_db` must be below 0 dB; received 3"):
        losses.ResidualLevel(floor_db=3.0)


@pytest.mark.parametrize(
    "loss",
    [
        losses.LogSpectralMSE(loss_instances.stft()),
        losses.CompressedSpectrumMSE(loss_instances.stft()),
        losses.MultiResolutionSTFT(),
        losses.ResidualLevel(100),
    ],
    ids=lambda loss: loss.name,
)
def test_less_residual_noise_lowers_the_loss(loss):
    targets = _noise_alone()
    values = [
        np.asarray(loss(targets, {"enhanced": gain * targets["noisy"]}))
        for gain in (1.0, 0.5, 0.1, 0.01)
    ]
    assert np.isfinite(values).all()
    assert (np.diff(values, axis=0) < 0).all()


@pytest.mark.parametrize("loss", [losses.NegativeSNR(), losses.NegativeSISDR()])
def test_silent_target_has_no_loss_and_no_gradient(loss):
    targets = _noise_alone()
    enhanced = tf.Variable(targets["noisy"])
    with tf.GradientTape() as tape:
        value = loss(targets, {"enhanced": enhanced + 0.0})
    np.testing.assert_array_equal(value.numpy(), 0.0)
    np.testing.assert_array_equal(tape.gradient(value, enhanced).numpy(), 0.0)
