"""Import of weights: recognition, checks of the arrays, parity and the card."""

import dataclasses
import functools
import hashlib

import numpy as np
import pytest

from tests.importing.torch_writer import torch_zip
from tfse import models
from tfse.errors import AudioError, ConfigError, ModelError
from tfse.importing.import_weights import import_weights
from tfse.importing.importers import IMPORTERS
from tfse.importing.model_card import model_card
from tfse.importing.parity import enhanced_by, parity_of
from tfse.importing.source import Conversion, Importer

CONFIG = models.LSTMIRMConfig(
    name="tiny", units=(4,), frame_length=64, hop_length=32, fft_length=64
)
ARRAYS = {"weight": np.ones((2, 3), np.float32)}


@functools.cache
def weights():
    rng = np.random.default_rng(0)
    return {v.path: rng.standard_normal(v.shape) for v in models.build(CONFIG).weights}


def importer(name="tiny", recognizes=True, change=lambda weights: weights, **settings):
    return Importer(
        name,
        "the tests",
        "none",
        lambda source: recognizes,
        lambda source: Conversion(CONFIG, change(dict(weights()))),
        **settings,
    )


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(torch_zip(ARRAYS))
    return path


def test_weights_and_hash_of_the_file(path):
    imported = import_weights(path, importers=[importer("other", False), importer()])
    assert imported.importer.name == "tiny"
    for variable in imported.model.weights:
        np.testing.assert_allclose(variable, weights()[variable.path], rtol=1e-6)
    assert imported.sha256 == {"file": hashlib.sha256(path.read_bytes()).hexdigest()}
    in_folder = import_weights(path.parent, importers=[importer()])
    assert in_folder.sha256 == imported.sha256


def test_unknown_files_are_listed(path):
    names = ", ".join(importer.name for importer in IMPORTERS)
    with pytest.raises(ModelError, match=rf"of none of the models {names}.*'weight'"):
        import_weights(path)


def test_several_models_need_a_choice(path):
    importers = [importer("a"), importer("b")]
    with pytest.raises(ConfigError, match="several models, a, b; choose one with --model"):
        import_weights(path, importers=importers)
    assert import_weights(path, "b", importers).importer.name == "b"
    with pytest.raises(ConfigError, match="must be one of"):
        import_weights(path, "c", importers)


def without(weights):
    return {name: array for name, array in weights.items() if "mask" not in name}


def in_another_shape(weights):
    return {name: array[..., None] for name, array in weights.items()}


def with_nan(weights):
    return {name: np.full(array.shape, np.nan) for name, array in weights.items()}


def missing_in_file(weights):
    return weights["absent"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without, "no array for mask"),
        (lambda weights: {**weights, "extra": np.zeros(3)}, "no place for extra"),
        (in_another_shape, r"another shape in .* instead of .* more"),
        (with_nan, "NaN or infinity in"),
        (missing_in_file, "it is no tiny of a known size"),
    ],
)
def test_arrays_that_do_not_fit_are_listed(path, change, message):
    with pytest.raises(ModelError, match=message) as error:
        import_weights(path, importers=[importer(change=change)])
    assert len(str(error.value)) < 1000


def test_parity_finds_the_alignment(path):
    model = import_weights(path, importers=[importer()]).model
    noisy = np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    original = enhanced_by(model, noisy)
    same = parity_of(model, noisy, original)
    assert (same.largest, same.shift_samples) == (0.0, 0)
    later = np.concatenate([np.zeros(37, np.float32), original])[:-100]
    parity = parity_of(model, noisy, later + 1e-3)
    assert parity.shift_samples == 37
    assert parity.largest == pytest.approx(1e-3, rel=1e-3)
    assert parity.snr_db == pytest.approx(10 * np.log10(np.mean(original**2) / 1e-6), abs=0.5)
    assert "32.8 steps of 16 bits" in str(parity)
    with pytest.raises(AudioError, match="nearly the same length"):
        parity_of(model, noisy, original[:4000])


def test_card_has_origin_licence_hash_and_sizes(path):
    imported = import_weights(path, importers=[importer()])
    card = model_card(imported, "CC0", "not measured.")
    for text in ("# tiny", "the tests", "CC0", imported.sha256["file"], "parameters", "16,000 Hz"):
        assert text in card
    assert dataclasses.is_dataclass(imported)
