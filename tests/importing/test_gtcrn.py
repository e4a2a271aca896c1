"""Importer of GTCRN: parity with the authors' code, and what is refused."""

import pathlib

import numpy as np
import pytest

from tests.importing.torch_writer import torch_zip
from tfse.errors import ModelError
from tfse.importing.import_weights import import_weights
from tfse.layers import ComplexMasking
from tfse.layers.bands.erb_bands import erb_triangles

FIXTURE = pathlib.Path(__file__).with_name("gtcrn_original.npz")


@pytest.fixture(scope="module")
def arrays():
    """Arrays computed by the authors' PyTorch code.

    Their `GTCRN().eval()` got random weights of 16 bits, and random scales, offsets and moving
    statistics in every normalization; `state/...` is its state dict. `spectrum` is noise of two
    levels, `[batch, bins, frames, 2]`, and `enhanced` what `forward` returned for it.
    """
    return dict(np.load(FIXTURE))


def checkpoint(arrays):
    state = {
        name.removeprefix("state/"): array if array.dtype.kind == "i" else array.astype("f4")
        for name, array in arrays.items()
        if name.startswith("state/")
    }
    return {"epoch": 3, "model": state}


def test_enhanced_spectrum_is_the_authors(arrays, tmp_path):
    path = tmp_path / "checkpoint"
    path.write_bytes(torch_zip(checkpoint(arrays)))
    imported = import_weights(path)
    assert imported.importer.name == "gtcrn"
    spectrum = arrays["spectrum"].astype(np.float32).transpose(0, 2, 1, 3)
    mask = imported.model.get_layer("core")(spectrum)["mask"]
    enhanced = np.asarray(ComplexMasking()(spectrum, mask))
    expected = arrays["enhanced"].transpose(0, 2, 1, 3)
    assert np.abs(expected).max() > 1.0
    np.testing.assert_allclose(enhanced, expected, atol=1e-4)


def test_bands_are_the_authors(arrays):
    ours = erb_triangles(257, 65, 64, 16_000)
    np.testing.assert_allclose(ours.T, arrays["state/erb.erb_fc.weight"], atol=1e-6)
    np.testing.assert_allclose(ours, arrays["state/erb.ierb_fc.weight"], atol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("dpgrnn1.intra_fc.bias"), "no array 'dpgrnn1.intra_fc.bias'"),
        (lambda state: state.update(extra=np.zeros(3, np.float32)), "no place: extra"),
        (
            lambda state: state.update({"encoder.en_convs.5.x": np.zeros(3, np.float32)}),
            "must have 5 stages; received 6",
        ),
        (
            lambda state: state.update({"decoder.de_convs.4.bn.bias": np.zeros(3, np.float32)}),
            "another shape in decoder_0_norm/beta",
        ),
    ],
)
def test_other_arrays_are_refused(arrays, tmp_path, change, message):
    saved = checkpoint(arrays)
    change(saved["model"])
    path = tmp_path / "checkpoint"
    path.write_bytes(torch_zip(saved))
    with pytest.raises(ModelError, match=message):
        import_weights(path)
