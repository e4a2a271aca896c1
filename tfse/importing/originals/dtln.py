"""Importer of DTLN: Keras weights (`.h5`), or the two ONNX files of its stages.

Westhausen and Meyer publish both at github.com/breizhn/DTLN, `pretrained_model/`. Layers are
found by their names, which Keras numbers in the order of construction and the conversion to
ONNX keeps: two LSTMs and a dense layer per stage, the two convolutions of the learned
transformation, and one instant layer normalization, or two of the normalized variant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from tfse.errors import ModelError
from tfse.importing.source import Array, ArrayPool, Conversion, Importer, Part, Source
from tfse.models.dtln import DTLNConfig
from tfse.types import Samples

_NORM = "instant_layer_normalization"
_LAYER = re.compile(rf"(lstm|dense|conv1d|{_NORM})(?:_(\d{{1,9}}))?[/_](.+)")
# Ends of names in Keras files, LSTM operations of ONNX, and LSTMs unrolled in ONNX.
_ROLES = {
    r"recurrent_kernel(:0)?$|^MatMul_1/": "recurrent_kernel",
    r"(^|/)kernel(:0)?$|^MatMul/|^Tensordot/": "kernel",
    r"(^|/)bias(:0)?$|^BiasAdd/": "bias",
    r"(^|/)gamma(:0)?$|^mul/": "gamma",
    r"(^|/)beta(:0)?$|^add_1/": "beta",
    r"^W$": "W",
    r"^R$": "R",
    r"^B$": "B",
}
# Frames are four hops long.
_OVERLAP = 4

Layer = dict[str, Array]


def recognizes(source: Source) -> bool:
    """Returns whether a source holds layers of DTLN and nothing else."""
    parts = _parts(source)
    kinds = [set(_layers(part)) for part in parts]
    stage_2 = {"lstm", "dense", "conv1d", _NORM}
    return any(stage_2 <= found for found in kinds) or any(map(_is_stage_1, parts))


def convert(source: Source) -> Conversion:
    """Returns the weights in the layout of `tfse.models.dtln`.

    Raises:
        ModelError: a stage is missing, or an array is missing, left over or of another size.
    """
    found = _all_layers(_parts(source))
    lstms, dense, convolutions, norms = (
        found.get(kind, []) for kind in ("lstm", "dense", "conv1d", _NORM)
    )
    counts = (len(lstms) % 2, len(dense), len(convolutions))
    if not lstms or counts != (0, 2, 2) or len(norms) not in (1, 2):
        raise ModelError(
            "DTLN must have as many LSTMs in both stages, two dense layers, two convolutions and "
            f"one or two normalizations; received {len(lstms)}, {len(dense)}, "
            f"{len(convolutions)} and {len(norms)}. Its two ONNX files must be in one folder."
        )
    half = len(lstms) // 2
    layers = {
        **{f"mask_lstm_{n}/lstm/lstm_cell": x for n, x in enumerate(lstms[:half])},
        **{f"code_mask_lstm_{n}/lstm/lstm_cell": x for n, x in enumerate(lstms[half:])},
        **dict(zip(("mask", "code_mask"), dense, strict=True)),
        **dict(zip(("encoder", "decoder"), convolutions, strict=True)),
        **dict(zip(("input_norm", "code_norm")[-len(norms) :], norms, strict=True)),
    }
    weights = {f"{name}/{role}": x for name, layer in layers.items() for role, x in layer.items()}
    return Conversion(_config(lstms[:half], convolutions, len(norms) == 2), weights)


def run_original(source: Source, noisy: Samples) -> Samples:
    """Enhances a waveform by onnxruntime, block by block, as the authors' script does.

    The script of the repository also multiplies the output by a quarter, which makes it
    12 dB quieter than the model was trained to be; that is left out.

    Raises:
        ImportError: onnxruntime is not installed, or the source holds Keras weights.
    """
    import onnxruntime

    parts = sorted(_parts(source), key=lambda part: "conv1d" in _layers(part))
    if len(parts) != 2 or any(part.kind != "onnx" for part in parts):
        raise ImportError("Keras weights of DTLN run in its authors' program only.")
    sessions = [onnxruntime.InferenceSession(part.content) for part in parts]
    states = [np.zeros(session.get_inputs()[1].shape, np.float32) for session in sessions]
    size = sessions[1].get_inputs()[0].shape[-1]
    hop = size // _OVERLAP
    padded = np.pad(noisy, (size - hop, size - hop + -len(noisy) % hop))
    enhanced = np.zeros(len(padded), np.float32)
    for start in range(0, len(padded) - size + 1, hop):
        spectrum = np.fft.rfft(padded[start : start + size])
        mask, states[0] = _step(sessions[0], np.abs(spectrum), states[0])
        frame = np.fft.irfft(spectrum * mask)
        frame, states[1] = _step(sessions[1], frame, states[1])
        enhanced[start : start + size] += frame
    return enhanced[size - hop :][: len(noisy)]


def _step(session: object, x: Array, state: Array) -> tuple[Array, Array]:
    names = [given.name for given in session.get_inputs()]  # type: ignore[attr-defined]
    inputs = dict(zip(names, (x[None, None].astype(np.float32), state), strict=True))
    output, state = session.run(None, inputs)  # type: ignore[attr-defined]
    return output[0, 0], state


def _parts(source: Source) -> list[Part]:
    found = [part for part in source.of_kind("hdf5") if _layers(part)]
    return found or [part for part in source.of_kind("onnx") if _layers(part)]


def _is_weight(array: Array) -> bool:
    """Returns whether an array is no shape, no index and no constant of an operation."""
    return array.dtype.kind == "f" and array.ndim > 0


def _layers(part: Part) -> dict[str, dict[int, dict[str, str]]]:
    """Returns names of arrays by kind and number of the layer, and role."""
    layers: dict[str, dict[int, dict[str, str]]] = {}
    for name, array in part.arrays.items():
        layer = _LAYER.search(name)
        role = layer and _role(layer[3])
        if layer and role and _is_weight(array):
            numbers = layers.setdefault(layer[1], {})
            numbers.setdefault(int(layer[2] or 0), {})[role] = name
    return layers


def _role(end: str) -> str | None:
    return next((role for pattern, role in _ROLES.items() if re.search(pattern, end)), None)


def _is_stage_1(part: Part) -> bool:
    """Returns whether an ONNX part holds LSTMs and a mask of the size of their input."""
    layers = _layers(part)
    if not part.nodes or not {"lstm", "dense"} <= set(layers) <= {"lstm", "dense", _NORM}:
        return False
    first, mask = (min(layers[kind].items())[1] for kind in ("lstm", "dense"))
    sizes = {part.arrays[name].shape[-1] for role, name in first.items() if role == "W"}
    sizes |= {part.arrays[name].shape[0] for role, name in first.items() if role == "kernel"}
    return sizes == {part.arrays[name].shape[-1] for name in mask.values()}


def _all_layers(parts: Iterable[Part]) -> dict[str, list[Layer]]:
    """Returns the layers of all parts by kind, in order, each array in the layout of Keras.

    Raises:
        ModelError: an array belongs to no layer, or an LSTM has other activations.
    """
    found: dict[str, list[Layer]] = {}
    for part in sorted(parts, key=lambda part: "conv1d" in _layers(part)):
        _check_activations(part)
        pool = ArrayPool(part.arrays, lambda name, part=part: not _is_weight(part.arrays[name]))  # type: ignore[misc]
        for kind, numbers in _layers(part).items():
            for _, names in sorted(numbers.items()):
                arrays = {role: pool.take(name) for role, name in names.items()}
                found.setdefault(kind, []).append(_in_keras_layout(kind, arrays, part))
        pool.require_empty()
    return found


def _in_keras_layout(kind: str, arrays: Mapping[str, Array], part: Part) -> Layer:
    if "W" in arrays:
        return dict(_lstm(arrays))
    if kind != "conv1d":
        return dict(arrays)
    kernel = arrays["kernel"]
    # Convolutions of length 1: `[1, in, out]` in Keras, `[out, in, 1]` in ONNX.
    return {"kernel": kernel[:, :, 0].T if part.kind == "onnx" else kernel[0]}


def _lstm(arrays: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
    """Yields the weights of an LSTM of ONNX: gates i, o, f, c in rows, and two biases."""
    for role, name in {"kernel": "W", "recurrent_kernel": "R"}.items():
        yield role, _reordered(arrays[name][0]).T
    yield "bias", _reordered(arrays["B"][0].reshape(2, -1).sum(axis=0))


def _reordered(rows: Array) -> Array:
    """Changes the order of gates from i, o, f, c to i, f, c, o."""
    i, o, f, c = np.split(rows, 4)
    return np.concatenate([i, f, c, o])


def _check_activations(part: Part) -> None:
    wanted = ("Sigmoid", "Tanh", "Tanh")
    for node in part.nodes:
        received = tuple(node.attributes.get("activations", wanted))
        if node.op == "LSTM" and received != wanted:
            raise ModelError(f"LSTMs must have the activations {wanted}; received {received}.")


def _config(lstms: list[Layer], convolutions: list[Layer], normalized: bool) -> DTLNConfig:
    frame_length, code_size = convolutions[0]["kernel"].shape
    return DTLNConfig(
        frame_length=frame_length,
        hop_length=frame_length // _OVERLAP,
        fft_length=frame_length,
        normalized_input=normalized,
        units=tuple(layer["recurrent_kernel"].shape[0] for layer in lstms),
        code_size=code_size,
    )


IMPORTER = Importer(
    name="dtln",
    origin="github.com/breizhn/DTLN, pretrained_model/",
    licence="MIT",
    recognizes=recognizes,
    convert=convert,
    run_original=run_original,
)
