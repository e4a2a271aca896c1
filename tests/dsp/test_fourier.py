"""Fourier transforms for devices, against NumPy in double precision."""

import numpy as np
import pytest

from tfse.dsp import fourier

LENGTHS = [16, 20, 134, 400, 512, 960]


def decibels(wanted, found):
    error = np.sum(np.abs(np.asarray(found, np.float64) - wanted) ** 2)
    return 10 * np.log10(np.sum(np.abs(wanted) ** 2) / error)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("missing", [0, 3])
def test_forward(length, missing):
    frames = np.random.default_rng(0).standard_normal((2, 3, length - missing)).astype(np.float32)
    wanted = np.fft.rfft(frames.astype(np.float64), length)
    real, imaginary = (np.asarray(part) for part in fourier.forward(frames, length))
    assert real.shape == imaginary.shape == wanted.shape
    assert decibels(wanted.real, real) > 115
    assert decibels(wanted.imag, imaginary) > 115


@pytest.mark.parametrize("length", LENGTHS)
def test_inverse(length):
    rng = np.random.default_rng(1)
    shape = (2, 3, length // 2 + 1)
    real, imaginary = (rng.standard_normal(shape).astype(np.float32) for _ in range(2))
    # A real signal has no imaginary part at 0 Hz and at half the rate.
    imaginary[..., [0, -1]] = 0.0
    wanted = np.fft.irfft(real + 1j * imaginary.astype(np.float64), length)
    assert decibels(wanted, np.asarray(fourier.inverse(real, imaginary, length))) > 115


@pytest.mark.parametrize(("length", "wanted"), [(1, True), (2, True), (400, False), (512, True)])
def test_powers_of_two(length, wanted):
    assert fourier.is_power_of_two(length) == wanted
