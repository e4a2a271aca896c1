"""SEGAN+: parity with the authors' code, files, refusal to stream, and checks of settings."""

import dataclasses
import pathlib

import keras
import numpy as np
import pytest

import tfse
from tests import instances
from tests.importing.converted import converted, fixture, source
from tfse import models
from tfse.errors import ConfigError, ModelError
from tfse.importing.importers import IMPORTERS
from tfse.importing.originals.segan_plus import IMPORTER
from tfse.models.cost import multiply_accumulates

FIXTURE = pathlib.Path(__file__).with_name("segan_plus_original.npz")
WINDOW = 1024


@pytest.fixture(scope="module")
def original():
    """`segan_plus_original.npz`, made with the code of segan_pytorch (master) and PyTorch.

    `Generator(1, [4, 8, 12], 31, [4, 4, 4], z_dim=12, bias=True, skip_merge="concat")` after
    `manual_seed(0)`; then kernels were multiplied by 2, and biases, PReLU slopes and skip
    factors drawn. `state/...` is its state dict and `noisy` seeded noise; `enhanced` is the
    result of `pre_emphasize`, of the generator on windows of 1,024 samples as in
    `SEGAN.generate`, and of `de_emphasize`. The code z was
    `numpy.random.RandomState(111).standard_normal((16, 12))`, transposed.
    """
    return fixture(FIXTURE)


def test_output_equals_the_authors(original):
    model = converted(IMPORTER, original[0], window_length=WINDOW, overlap=False)
    result = _aligned(model, original[1]["noisy"])
    # Theirs pads the last window behind the pre-emphasis, ours before it.
    whole = 2 * WINDOW
    expected = original[1]["enhanced"][:whole]
    np.testing.assert_allclose(result[:whole], expected, atol=1e-5 * np.abs(expected).max())


def test_old_names_of_arrays_are_those_of_the_authors_converter(original):
    state = dict(original[0].parts[0].arrays)
    old = {_old(name): array for name, array in state.items()}
    assert "gen_dec.0.conv.weight" in old
    result = IMPORTER.convert(source(old)).weights
    for path, array in IMPORTER.convert(source(state)).weights.items():
        np.testing.assert_array_equal(result[path], array)


def test_no_other_importer_recognizes_the_arrays(original):
    assert [importer.name for importer in IMPORTERS if importer.recognizes(original[0])] == [
        "segan_plus"
    ]


def test_arrays_without_a_place_are_listed(original):
    state = dict(original[0].parts[0].arrays)
    with pytest.raises(ModelError, match=r"no place: alpha_2\.skip_k"):
        IMPORTER.convert(source({**state, "alpha_2.skip_k": np.zeros(1)}))
    del state["dec_blocks.1.deconv.bias"]
    with pytest.raises(ModelError, match=r"no array 'dec_blocks\.1\.deconv\.bias'"):
        IMPORTER.convert(source(state))
    assert not IMPORTER.recognizes(source({"enc_blocks.0.conv.weight": np.zeros(1)}))


def test_windows_that_agree_are_cross_faded_without_a_trace():
    model = models.build(instances.tiny_segan_plus())
    layers = {layer.name: layer for layer in model.layers}
    inputs = keras.Input((None,))
    windows = layers["windows"](layers["pre_emphasis"](layers["input"](inputs)))
    outputs = layers["de_emphasis"](layers["cross_fade"](windows))
    identity = models.EnhancementModel(inputs, outputs)
    x = instances.random(1, 1000)[0]
    padded = np.pad(x, (0, 24))[None]
    delayed = np.asarray(identity(padded))[0]
    latency = model.latency_samples
    np.testing.assert_allclose(delayed[latency:], padded[0, : len(delayed) - latency], atol=1e-4)


def test_sizes():
    model = models.build(models.SEGANPlusConfig())
    assert model.count_params() == 64_770_561
    assert (model.hop_length, model.latency_samples) == (8_192, 8_192)
    assert multiply_accumulates(model) * 16_000 / 8_192e9 == pytest.approx(6.14, abs=0.01)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"kernel_size": 30}, "`kernel_size` must be odd"),
        ({"stride": 3}, "`stride` even"),
        ({"window_length": 1000}, "must be a multiple of stride"),
        ({"filters": ()}, "one level or more"),
        ({"pre_emphasis": 1.0}, "`coefficient` must be between 0 and 1"),
        ({"latent_std": -1.0}, "`standard_deviation` not negative"),
    ],
)
def test_invalid_settings_are_refused(setting, message):
    with pytest.raises(ConfigError, match=message):
        models.build(dataclasses.replace(models.SEGANPlusConfig(filters=(2, 2, 2)), **setting))


def _aligned(model, noisy):
    enhanced = models.enhance_aligned(model, noisy[None], model.latency_samples, model.hop_length)
    return np.asarray(enhanced)[0]


def _old(name):
    old = name.replace("enc_blocks.", "gen_enc.").replace("dec_blocks.", "gen_dec.")
    return old.replace(".deconv.", ".conv.")


def test_code_is_the_same_in_every_window_and_every_build():
    x = 0.1 * instances.random(1, 256)
    outputs = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(0)
        model = models.build(instances.tiny_segan_plus(latent_seed=seed, overlap=False))
        outputs.append(np.asarray(model(x)))
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.allclose(outputs[0], outputs[2])


def test_silence_is_silence_without_a_code():
    model = models.build(instances.tiny_segan_plus(latent_std=0.0))
    np.testing.assert_array_equal(tfse.enhance(np.zeros(500), 16_000, model), 0.0)
