"""Short-time Fourier transform, against NumPy, and its inverse, against the input."""

import numpy as np
import pytest

from tests import instances
from tfse.errors import ConfigError
from tfse.layers import STFT, InverseSTFT

SETTINGS = [
    (512, 256, 512, "sqrt_hann"),
    (400, 200, 400, "sine"),
    (400, 160, 512, "hann"),
    (31, 12, 32, "hann"),
    (32, 32, 32, "rectangular"),
    (33, 11, 64, "sine"),
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_inverse_returns_the_delayed_input(settings):
    frame_length, hop_length, fft_length, window = settings
    x = instances.random(2, 20 * hop_length)
    inverse = InverseSTFT(frame_length, hop_length, fft_length, window)
    y = np.asarray(inverse(STFT(frame_length, hop_length, fft_length, window)(x)))
    delay = inverse.latency_samples
    assert delay == frame_length - hop_length
    np.testing.assert_allclose(y[:, delay:], x[:, : x.shape[1] - delay], atol=2e-6)
    np.testing.assert_allclose(y[:, :delay], 0.0, atol=2e-6)


def test_frames_equal_numpy():
    x = instances.random(1, 1600)
    spectrum = np.asarray(STFT(400, 200, 400, "sine")(x))
    window = np.sin(np.pi * (np.arange(400) + 0.5) / 400)
    expected = np.fft.rfft(x[0, 600:1000] * window)
    np.testing.assert_allclose(spectrum[0, 4, :, 0], expected.real, atol=1e-4)
    np.testing.assert_allclose(spectrum[0, 4, :, 1], expected.imag, atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((512, 512, 512, "hann"), r"window must reconstruct.*hop_length=512"),
        ((256, 512, 512, "sine"), r"`hop_length` <= `frame_length`.*hop_length=512"),
        ((512, 0, 512, "sine"), r"hop_length=0"),
        ((512, 256, 400, "sine"), r"fft_length=400"),
        ((33, 11, 33, "sine"), r"`fft_length` must be even; received 33"),
        ((512, 256, 512, "kaiser"), r"`window` must be one of.*'kaiser'"),
    ],
)
def test_invalid_settings_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        STFT(*arguments)


def test_part_of_a_hop_is_refused():
    with pytest.raises(ConfigError, match="whole hops of 16; received 40"):
        STFT(32, 16)(np.zeros((1, 40), np.float32))


def test_sample_rate_must_be_positive():
    with pytest.raises(ConfigError, match="`sample_rate` must be above 0 Hz; received 0"):
        STFT(32, 16, sample_rate=0)


def test_half_precision_model_keeps_the_transform_in_float32():
    assert STFT(32, 16, dtype="mixed_float16").compute_dtype == "float32"
