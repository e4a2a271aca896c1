"""Multi-resolution STFT loss, against SciPy's transform."""

import numpy as np
import pytest
from scipy import signal

from tests.losses import loss_instances
from tfse import losses
from tfse.errors import ConfigError


def _magnitudes(waveform, frame, hop, fft):
    count = -(-(waveform.shape[1] + frame - hop) // hop)
    after = count * hop - waveform.shape[1]
    padded = np.pad(waveform.astype(float), [(0, 0), (frame - hop, after)])
    _, _, spectra = signal.stft(
        padded, window="hann", nperseg=frame, noverlap=frame - hop, nfft=fft,
        boundary=None, padded=False, scaling="spectrum",
    )  # fmt: skip
    return np.abs(spectra) * signal.get_window("hann", frame).sum()


@pytest.mark.parametrize(
    "resolutions", [((600, 120, 1024), (1200, 240, 2048), (240, 50, 512)), ((64, 16, 64),)]
)
def test_is_its_formula(resolutions):
    targets = loss_instances.targets()
    enhanced = loss_instances.outputs(targets)["enhanced"]
    expected = np.zeros(3)
    for lengths in resolutions:
        clean, estimate = (_magnitudes(x, *lengths) for x in (targets["clean"], enhanced))
        convergence = np.linalg.norm(clean - estimate, axis=(1, 2)) / np.linalg.norm(
            clean, axis=(1, 2)
        )
        logs = [0.5 * np.log(x**2 + 1e-7) for x in (clean, estimate)]
        expected += convergence + np.abs(logs[0] - logs[1]).mean(axis=(1, 2))
    value = losses.MultiResolutionSTFT(resolutions)(targets, {"enhanced": enhanced})
    np.testing.assert_allclose(np.asarray(value), expected / len(resolutions), rtol=1e-3)


def test_lengths_out_of_order_are_refused():
    with pytest.raises(ConfigError, match="hop_length=120, frame_length=100"):
        losses.MultiResolutionSTFT([(100, 120, 128)])
