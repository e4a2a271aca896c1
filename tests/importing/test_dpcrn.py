"""Importer of DPCRN: parity with stock Keras layers of the same weights."""

import dataclasses

import numpy as np
import pytest

from tests.importing.dpcrn_reference import BINS, FILTERS, UNITS, Reference
from tests.importing.hdf5_writer import keras_weights
from tfse.errors import ModelError
from tfse.importing.import_weights import import_weights
from tfse.importing.parity import enhanced_by
from tfse.models import DPCRNConfig, build

NOISY = 0.3 * np.random.default_rng(1).standard_normal((1, 40 * 16)).astype(np.float32)


@pytest.fixture(scope="module")
def reference():
    reference = Reference(first_number=9)
    return reference, reference(NOISY)


def test_output_is_that_of_the_authors_graph(reference, tmp_path):
    weights, original = reference
    path = tmp_path / "weights"
    path.write_bytes(keras_weights(weights.saved))
    imported = import_weights(path)
    assert imported.importer.name == "dpcrn"
    ours = enhanced_by(imported.model, NOISY[0])
    # At both ends the original lacks the frames that are partly zeros.
    inside = slice(BINS, -2 * BINS)
    assert np.abs(original).max() > 0.1
    np.testing.assert_allclose(ours[inside], original[0][inside], atol=2e-5)


def test_sizes_are_the_papers():
    published = DPCRNConfig(first_frame="full", recurrent_activation="keras2_hard_sigmoid")
    trainable = sum(int(np.prod(v.shape)) for v in build(published).trainable_variables)
    assert trainable == pytest.approx(0.8e6, rel=0.03)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda saved: saved.popitem(), "PReLUs|'model0_|no array for|of a known size"),
        (lambda saved: saved.pop("model0_bn_2/model0_bn_2/gamma:0"), "no array for"),
        (lambda saved: saved.update({"dense/dense/kernel:0": np.zeros(3)}), "no place: dense"),
        (
            lambda saved: saved.update({"p_re_lu_9/p_re_lu_9/alpha:0": np.zeros((1, 1, 7))}),
            "another shape in encoder_0_prelu/alpha",
        ),
        (
            lambda saved: saved.update({"model0_conv_1/model0_conv_1/bias:0": np.full(2, np.nan)}),
            "NaN or infinity in encoder_0/bias",
        ),
    ],
)
def test_other_arrays_are_refused(reference, tmp_path, change, message):
    saved = dict(reference[0].saved)
    change(saved)
    path = tmp_path / "weights"
    path.write_bytes(keras_weights(saved))
    with pytest.raises(ModelError, match=message):
        import_weights(path)


def test_config_is_read_from_the_weights(reference, tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(keras_weights(reference[0].saved))
    model = import_weights(path).model
    assert (model.hop_length, model.stft.frame_length) == (BINS - 1, 2 * (BINS - 1))
    wanted = dataclasses.replace(
        DPCRNConfig(),
        frame_length=32,
        hop_length=16,
        fft_length=32,
        filters=FILTERS,
        frequency_units=UNITS // 2,
        time_units=UNITS,
    )
    assert model.count_params() == build(wanted).count_params()
