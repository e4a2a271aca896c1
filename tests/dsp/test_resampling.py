"""Resampling, against the resampler of pystoi (Octave's)."""

import numpy as np
import pytest
from pystoi.utils import resample_oct

from tests import instances
from tfse.dsp import resampling


@pytest.mark.parametrize("old_rate", [8000, 10_000, 16_000, 22_050, 48_000])
@pytest.mark.parametrize("samples", [1, 799, 800, 801])
def test_is_the_resampler_of_pystoi(old_rate, samples):
    waveform = instances.random(2, samples)
    resampled = np.asarray(resampling.resample(waveform, old_rate=old_rate, new_rate=10_000))
    expected = [resample_oct(row.astype(float), 10_000, old_rate) for row in waveform]
    if old_rate == 10_000:
        expected = waveform
    np.testing.assert_allclose(resampled, expected, atol=1e-5)


def test_tone_below_both_nyquist_frequencies_is_kept_without_delay():
    times = np.arange(4000) / 16_000
    tone = np.sin(2 * np.pi * 1000 * times).astype(np.float32)[None]
    resampled = np.asarray(resampling.resample(tone, old_rate=16_000, new_rate=10_000))[0]
    expected = np.sin(2 * np.pi * 1000 * np.arange(2500) / 10_000)
    np.testing.assert_allclose(resampled[100:-100], expected[100:-100], atol=2e-3)
