"""Importer of DTLN: parity with a reference in NumPy, both kinds of files, what is refused."""

import re

import numpy as np
import pytest

from tests.importing import dtln_reference
from tests.importing.hdf5_writer import keras_weights
from tfse.errors import ModelError
from tfse.importing.import_weights import import_weights
from tfse.importing.originals import dtln
from tfse.importing.parity import enhanced_by
from tfse.importing.source import Node, Part, Source

NOISY = 0.3 * np.random.default_rng(1).standard_normal(30 * 16 + 5).astype(np.float32)


@pytest.mark.parametrize(
    ("normalized", "first", "cell"),
    # Layers are ordered by number, not by name: lstm_9, lstm_10.
    [(False, 0, ""), (True, 9, "lstm_cell/")],
)
def test_output_is_that_of_the_reference(normalized, first, cell, tmp_path):
    weights = dtln_reference.random_weights(normalized, first, cell)
    path = tmp_path / "weights"
    path.write_bytes(keras_weights(weights))
    imported = import_weights(path)
    assert imported.importer.name == "dtln"
    expected = dtln_reference.enhanced(dtln_reference.random_weights(normalized, 0, cell), NOISY)
    assert np.abs(expected).max() > 0.1
    tolerance = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(enhanced_by(imported.model, NOISY), expected, atol=tolerance)


def test_onnx_files_have_the_same_weights():
    weights = dtln_reference.random_weights(normalized=False)
    keras = dtln.convert(Source((Part("a", "hdf5", b"", weights),))).weights
    source = Source(_onnx_parts(weights))
    assert dtln.recognizes(source)
    onnx = dtln.convert(source).weights
    assert set(onnx) == set(keras)
    for name, array in keras.items():
        np.testing.assert_allclose(onnx[name], array, atol=1e-6)


def _onnx_parts(weights):
    """Returns both stages in the two layouts that the authors' conversion writes."""
    first, second = {}, {"shape_tensor": np.arange(3)}
    for name, array in weights.items():
        layer, _, path = name.partition("/")
        number = int((re.search(r"\d+$", layer) or [0])[0])
        if layer.startswith("lstm") and number < 2:
            first |= _lstm(layer, path, array)
        elif layer == "dense":
            first[path] = array
        else:
            second |= _unrolled(layer, path, array)
    node = Node("LSTM", (), (), {"activations": ("Sigmoid", "Tanh", "Tanh")})
    return Part("b", "onnx", b"", second), Part("c", "onnx", b"", first, (node,))


def _lstm(layer, path, array):
    def reordered(x):  # gates i, f, c, o to i, o, f, c, in rows
        i, f, c, o = np.split(x.T, 4)
        return np.concatenate([i, o, f, c])[None]

    if path.endswith("bias:0"):
        half = reordered(array)[0] / 2
        return {f"{layer}_B": np.concatenate([half, half])[None]}
    return {f"{layer}_{'R' if 'recurrent' in path else 'W'}": reordered(array)}


def _unrolled(layer, path, array):
    ends = {
        "recurrent_kernel:0": "MatMul_1/ReadVariableOp/resource:0",
        "kernel:0": "MatMul/ReadVariableOp/resource:0",
        "bias:0": "BiasAdd/ReadVariableOp/resource:0",
        "gamma:0": "mul/ReadVariableOp/resource:0",
        "beta:0": "add_1/ReadVariableOp/resource:0",
    }
    if layer.startswith("conv1d"):
        return {path: array.transpose(2, 1, 0)}
    end = ends[path.rpartition("/")[2]]
    if layer.startswith("dense"):
        end = end.replace("MatMul/ReadVariableOp/resource", "Tensordot/Reshape_1")
    return {f"model_2/{layer}/{end}": array}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda saved: saved.popitem(), "two convolutions .* received 4, 2, 1 and 1"),
        (lambda saved: saved.pop("dense_1/dense_1/bias:0"), "no array for code_mask/bias"),
        (lambda saved: saved.update({"a/a/kernel:0": np.zeros(3)}), "no place: a/a/kernel:0"),
        (
            lambda saved: saved.update({"dense/dense/bias:0": np.zeros(3)}),
            "another shape in mask/bias",
        ),
    ],
)
def test_other_arrays_are_refused(change, message, tmp_path):
    saved = dtln_reference.random_weights(normalized=False)
    change(saved)
    path = tmp_path / "weights"
    path.write_bytes(keras_weights(saved))
    with pytest.raises(ModelError, match=message):
        import_weights(path)


def test_other_activations_are_refused():
    second, first = _onnx_parts(dtln_reference.random_weights(normalized=False))
    node = Node("LSTM", (), (), {"activations": ("HardSigmoid", "Tanh", "Tanh")})
    source = Source((second, Part("c", "onnx", b"", first.arrays, (node,))))
    with pytest.raises(ModelError, match=r"received .*HardSigmoid"):
        dtln.convert(source)
