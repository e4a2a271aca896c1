"""Demucs: parity with the authors' code, latency, sizes and checks of settings."""

import dataclasses
import pathlib

import numpy as np
import pytest

import tfse
from tests.importing.converted import converted, fixture, source
from tfse import models
from tfse.errors import ConfigError, ModelError
from tfse.importing.importers import IMPORTERS
from tfse.importing.originals.demucs import IMPORTER
from tfse.layers import initial_state, stream_step
from tfse.layers.lowering import lowering
from tfse.models import demucs
from tfse.models.cost import multiply_accumulates

FIXTURE = pathlib.Path(__file__).with_name("demucs_original.npz")


@pytest.fixture(scope="module")
def original():
    """`demucs_original.npz`, made with `denoiser==0.1.5` and PyTorch.

    `Demucs(hidden=4, depth=3, resample=4)` after `manual_seed(0)`; then kernels of convolutions
    were multiplied by 2.5 and LSTM arrays by 2, and normal noise of 0.1 and of 0.02 was added to
    kernels and biases. `state/...` is its state dict, `noisy` seeded noise with a slow
    envelope. `enhanced` is the model's output with `normalize=False`, `normalized` with
    `normalize=True`, and `streamed` that of its `DemucsStreamer`.
    """
    return fixture(FIXTURE)


@pytest.fixture(scope="module")
def model(original):
    return converted(IMPORTER, original[0], normalize=False)


def test_output_equals_the_authors(model, original):
    noisy, expected = original[1]["noisy"], original[1]["enhanced"]
    result = _aligned(model, noisy)
    # At the end theirs has no samples, and ours has silence.
    end = 4 * model.hop_length
    assert expected.std() > 0.01
    np.testing.assert_allclose(result[:-end], expected[:-end], atol=1e-6)


def test_stream_is_the_file_and_on_devices_too(model, original):
    x = original[1]["noisy"][None, : 24 * model.hop_length]
    offline = np.asarray(model(x))
    assert np.abs(offline[:, model.latency_samples :]).max() > 0.01
    with lowering():
        state, outputs = initial_state(model, 1), []
        for block in np.split(x, np.cumsum([1, 16, 2]) * model.hop_length, axis=1):
            output, state = stream_step(model, block, state)
            outputs.append(output)
    np.testing.assert_allclose(np.concatenate(outputs, axis=1), offline, atol=1e-6)


def test_running_level_is_close_to_that_of_the_authors(original):
    arrays = original[1]
    result = tfse.enhance(arrays["noisy"], 16_000, converted(IMPORTER, original[0]))
    assert _snr_db(arrays["streamed"], result) > 30
    assert _snr_db(arrays["normalized"], result) > 15


def test_gain_of_the_input_is_that_of_the_output(original):
    model = converted(IMPORTER, original[0], floor=1e-9)
    noisy = original[1]["noisy"][:800]
    np.testing.assert_allclose(_aligned(model, 8 * noisy), 8 * _aligned(model, noisy), atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "delays", "latency"),
    [
        # As derived by hand: 21 ms of look-ahead at 64 kHz, then 4 D' >= 4 + D per level.
        ({}, [336, 85, 23, 7, 3, 2], (2 * 1024 + 336) // 4),
        ({"depth": 3}, [336, 85, 23, 7], (7 * 64 + 336) // 4),
        ({"depth": 3, "resample": 2}, [112, 29, 9, 4], (4 * 64 + 112) // 2),
        ({"depth": 2, "resample": 1}, [0, 1, 2], 2 * 16),
        ({"depth": 1, "resample": 1, "kernel_size": 5, "stride": 3}, [0, 1], 3),
    ],
)
def test_latency_follows_from_the_settings(settings, delays, latency):
    config = models.DemucsConfig(hidden=2, **settings)
    assert demucs.encoder_delays(config) == delays
    assert models.build(config).latency_samples == latency


@pytest.mark.parametrize(("hidden", "parameters", "gmacs"), [(48, 18_867_937, 2.53)])
def test_sizes_are_the_papers(hidden, parameters, gmacs):
    config = models.DemucsConfig(hidden=hidden)
    model = models.build(config)
    # PyTorch has a second bias in each of the two LSTMs.
    assert model.count_params() + 2 * 4 * 16 * hidden == parameters
    assert (model.hop_length, model.latency_samples) == (256, 596)
    assert multiply_accumulates(model) * 62.5e-9 == pytest.approx(gmacs, abs=0.01)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"resample": 3}, r"`resample` must be one of \[1, 2, 4\]; received 3"),
        ({"hidden": 0}, "received hidden=0"),
        ({"stride": 8}, "1 < `stride` < `kernel_size`"),
        ({"stride": 3, "resample": 2}, "must divide stride"),
    ],
)
def test_invalid_settings_are_refused(setting, message):
    with pytest.raises(ConfigError, match=message):
        models.build(dataclasses.replace(models.DemucsConfig(), **setting))


def test_no_other_importer_recognizes_the_arrays(original):
    assert [importer.name for importer in IMPORTERS if importer.recognizes(original[0])] == [
        "demucs"
    ]


def test_arrays_without_a_place_are_listed(original):
    state = dict(original[0].parts[0].arrays)
    with pytest.raises(ModelError, match=r"no place: encoder\.0\.4\.weight"):
        IMPORTER.convert(source({**state, "encoder.0.4.weight": np.zeros(1)}))
    missing = {k: v for k, v in state.items() if k != "decoder.1.2.bias"}
    with pytest.raises(ModelError, match=r"no array 'decoder\.1\.2\.bias'"):
        IMPORTER.convert(source(missing))
    assert not IMPORTER.recognizes(source({"encoder.0.0.weight": np.zeros((4, 1, 8))}))


def _aligned(model, noisy):
    enhanced = models.enhance_aligned(model, noisy[None], model.latency_samples, model.hop_length)
    return np.asarray(enhanced)[0]


def _snr_db(reference, estimate):
    """Returns the SNR without the start, where levels settle, and the end."""
    kept = slice(1000, 3500)
    reference, error = reference[kept], reference[kept] - estimate[kept]
    return 10 * np.log10(np.mean(np.square(reference)) / np.mean(np.square(error)))
