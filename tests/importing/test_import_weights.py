"""Import of weights: recognition, checks of the arrays, parity and the card."""

import dataclasses
import functools
import hashlib
import re

import numpy as np
import pytest

from tests.importing.torch_writer import torch_zip
from tfse import models
from tfse.errors import AudioError, ConfigError, ModelError
from tfse.importing import parity_report
from tfse.importing.import_weights import import_weights
from tfse.importing.importers import IMPORTERS
from tfse.importing.model_card import model_card
from tfse.importing.parity import Parity, enhanced_by, parity_of
from tfse.importing.source import Conversion, Importer
from tfse.isolated_call import CallFailed

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


def like_a_square_wave(source, noisy):
    return np.sign(noisy)


def with_nan_samples(source, noisy):
    return np.full(noisy.shape, np.nan)


def in_two_channels(source, noisy):
    return np.stack([noisy, noisy])


def half(source, noisy):
    return noisy[: len(noisy) // 2]


def aborts(source, noisy):
    raise CallFailed("was ended by SIGABRT")


def called_here(function, *arguments, timeout_s):
    return function(*arguments)


@pytest.fixture
def report_of(path, monkeypatch):
    # What happens in a subprocess is in tests/test_isolated_call.py.
    monkeypatch.setattr(parity_report, "isolated_call", called_here)
    return functools.partial(report_on, path)


def report_on(path, run):
    imported = import_weights(path, importers=[importer(run_original=run)])
    noisy = np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    return parity_report.by_runtime(imported, noisy)


def test_low_parity_is_reported_with_a_warning(report_of):
    report = report_of(like_a_square_wave)
    assert report.is_low
    assert str(report).startswith("Parity with the original: SNR ")
    assert report.warning().startswith("WARNING: the parity is below 40 dB")
    assert Parity(float("nan"), 0.0, 0, 1.0).is_low


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (None, "no runtime is known for tiny files"),
        (with_nan_samples, "does not fit: it has NaN or infinity"),
        (in_two_channels, r"does not fit: it has the shape \[2, 8000\]"),
        (half, "nearly the same length"),
        (aborts, "the original's runtime was ended by SIGABRT"),
    ],
)
def test_parity_that_cannot_be_measured_has_a_reason(report_of, run, message):
    report = report_of(run)
    assert re.search(rf"^Parity was not measured: .*{message}.*(?<!\.)\.$", str(report))
    assert not report.is_low
    assert report.warning() == ""
    measured = dataclasses.replace(report, measured=((Parity(90.0, 0.0, 0, 1.0), "a.wav"),))
    assert re.search(rf"against a.wav. The original's runtime was not .*{message}", str(measured))


def test_card_has_origin_licence_hash_and_sizes(path):
    imported = import_weights(path, importers=[importer()])
    card = model_card(imported, "CC0", "not measured.")
    for text in ("# tiny", "the tests", "CC0", imported.sha256["file"], "parameters", "16,000 Hz"):
        assert text in card
    renamed = dataclasses.replace(imported, sha256={"a\n# b": "0"})
    assert "- `a\\n# b`: SHA" in model_card(renamed, "CC0", "not measured.")
