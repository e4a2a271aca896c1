"""DeepFilterNet3: parity with the authors' code, sizes and checks of settings."""

import dataclasses

import keras
import numpy as np
import pytest

from tests import instances
from tests.models import deepfilternet3_original as original
from tfse import models
from tfse.dsp.erb import erb_widths
from tfse.errors import ConfigError, ModelError
from tfse.importing.originals import deepfilternet3
from tfse.layers import ExponentialMeanNormalization, ExponentialUnitNormalization
from tfse.models.cost import multiply_accumulates

SMALL = instances.tiny_deepfilternet3()


def imported(source):
    conversion = deepfilternet3.convert(source)
    model = models.build(conversion.config)
    variables = {variable.path: variable for variable in model.weights}
    assert set(variables) == set(conversion.weights)
    for path, variable in variables.items():
        assert tuple(variable.shape) == conversion.weights[path].shape, path
        variable.assign(conversion.weights[path])
    return model


@pytest.mark.parametrize("source", [original.checkpoint, original.graphs])
def test_output_equals_the_authors(source):
    """`deepfilternet3_original.npz` contains arrays computed by the authors' PyTorch code.

    `df.deepfilternet3.DfNet` of the package deepfilternet 0.5.6, configured by
    `deepfilternet3_original.CONFIG`, got random weights, and random scales, offsets and moving
    statistics in every normalization; `state/...` is its state dict. `spectrum` is noise
    `[batch, frames, bins, 2]`, its features were computed in NumPy by the formulas of
    libDF/src/lib.rs. The network dropped its look-ahead of one frame at the start of the
    features, so that one frame of zeros was put in front of spectrum and features: a stream.
    `enhanced`, `band_gains`, `filters` and `local_snr_db` are its outputs.
    """
    assert deepfilternet3.recognizes(source())
    model = imported(source())
    expected = np.load(original.FIXTURE)
    # The original's transform includes a division by its length.
    spectrum = expected["spectrum"] * original.FFT_LENGTH
    heads = model.get_layer("core")(spectrum)
    assert set(heads) == {"band_gains", "filters", "local_snr_db"}
    for name in ("filters", "local_snr_db"):
        np.testing.assert_allclose(np.asarray(heads[name]), expected[name], atol=2e-4)
    np.testing.assert_allclose(np.asarray(heads["band_gains"]), expected["band_gains"], atol=1e-5)
    path = keras.Model(model.get_layer("stft").output, model.get_layer("inverse_stft").input)
    enhanced = np.asarray(path(spectrum)) / original.FFT_LENGTH
    assert np.std(expected["enhanced"]) > 0.005
    np.testing.assert_allclose(enhanced, expected["enhanced"], atol=1e-6)


def test_published_settings_are_the_defaults():
    model = models.build(models.DeepFilterNet3Config())
    core = model.get_layer("core")
    norms = [x for x in core.layers if isinstance(x, keras.layers.BatchNormalization)]
    assert model.count_params() == 2_134_097
    assert len(norms) == 15
    # Window and look-ahead, without the newest hop.
    assert model.latency_samples == 480 + 2 * 480
    assert model.sample_rate == 48_000
    assert multiply_accumulates(model) == 3_303_296


def test_bands_are_those_of_libdf():
    wide = (5, 5, 7, 7, 8, 10, 12, 13, 15, 18, 20, 24, 28, 31, 37, 42, 50, 56, 67)
    assert erb_widths(32, 2, 960, 48_000) == (*[2] * 13, *wide)


@pytest.mark.parametrize("layer", [ExponentialMeanNormalization, ExponentialUnitNormalization])
def test_initial_mean_fades_as_in_libdf(layer):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 40, 5, 2)).astype(np.float32)
    is_unit = layer is ExponentialUnitNormalization
    values = np.hypot(x[..., 0], x[..., 1]) if is_unit else x[..., 0]
    mean = np.linspace(*((1e-3, 1e-4) if is_unit else (-60, -90)), 5)
    means = []
    for frame in np.asarray(values[0], np.float64):
        mean = 0.9 * mean + 0.1 * frame
        means.append(mean)
    means = np.stack(means)
    expected = x[0] / np.sqrt(means)[..., None] if is_unit else (x[0, ..., 0] - means) / 40
    y = np.asarray(layer(-1 / np.log(0.9))(x if is_unit else x[..., 0]))[0]
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5)


def test_arrays_left_over_are_refused():
    arrays = {**original.state(), "enc.emb_gru.gru_skip.weight": np.zeros((2, 8, 8))}
    with pytest.raises(ModelError, match=r"no place: enc\.emb_gru\.gru_skip\.weight"):
        deepfilternet3.convert(original.checkpoint(arrays))


def test_missing_arrays_are_refused():
    arrays = original.state()
    del arrays["enc.lsnr_fc.0.bias"]
    with pytest.raises(ModelError, match=r"no array 'enc.lsnr_fc.0.bias'"):
        deepfilternet3.convert(original.checkpoint(arrays))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("conv_lookahead = 2", "must be equal"),
        ("enc_concat = True", "`enc_concat` of config.ini must be 'false'"),
        ("emb_gru_skip = identity", "`emb_gru_skip` of config.ini must be 'none'"),
        ("mask_pf = True", "`mask_pf` of config.ini must be 'false'"),
    ],
)
def test_settings_without_counterpart_are_refused(line, message):
    config = original.CONFIG.replace("conv_lookahead = 1", line)
    with pytest.raises(ModelError, match=message):
        deepfilternet3.convert(original.checkpoint(config=config))


def test_other_bands_than_those_of_the_settings_are_refused():
    config = original.CONFIG.replace("sr = 16000", "sr = 48000")
    with pytest.raises(ModelError, match="the bands of erb_fb must be those of the settings"):
        deepfilternet3.convert(original.checkpoint(config=config))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"look_ahead": 3}, "`look_ahead` must be at least 0 and below"),
        ({"erb_bands": 6}, "`erb_bands` must be a multiple of 4"),
        ({"filter_bins": 7}, "`filter_bins` of 2"),
        ({"filter_bins": 34}, "`filter_bins` must leave an upper bin"),
        ({"channels": 7}, "`channels` must be even"),
        ({"norm_time_s": 0.0}, "`norm_time_s` must be above 0"),
        ({"least_bins": 5}, "`bands` of `least_bins` must fit"),
        ({"groups": 3}, "`groups` must divide the channels"),
    ],
)
def test_invalid_settings_are_refused(setting, message):
    with pytest.raises(ConfigError, match=message):
        models.build(dataclasses.replace(SMALL, **setting))
