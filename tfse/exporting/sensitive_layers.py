"""Sensitive layers: those that alone in 8 bits change the output of a model most.

The first and the last convolution of a DPCRN receive the widest range of levels and make
the mask: 5 % of the weights, and nearly all of the error. Which layers these are differs from
model to model, so they are measured at export: each layer alone is quantized, and the
output is compared with that of the float32 file.
"""

from __future__ import annotations

import pathlib
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfse.exporting import number_formats, step_runs
from tfse.types import Samples

#: A layer whose output SNR, alone in 8 bits, is below this stays float32, ...
LEAST_SNR_DB = 55.0
#: ... unless this share of the weights would be exceeded; the most sensitive layers come first.
LARGEST_SHARE = 0.1
#: Other layers below this, in `int8`, have activations with ranges of each step, not fixed ones.
LEAST_FIXED_SNR_DB = 40.0

#: Signals on which layers are measured: this many at most, of this length.
SIGNALS = 8
SIGNAL_S = 2.0

_TRANSFORM = re.compile(number_formats.TRANSFORM_SCOPES)
# MODEL/core/LAYER/.../OPERATION; TensorFlow appends the number of the trace to every part.
_PATH = r"(_\d+)?/([^;]*?)/(?:Tensordot|MatMul|convolution)(?:_\d+)?(?=[/;])"
_PRODUCT = re.compile(f"core{_PATH}")
# MODEL/LAYER/.../OPERATION, of a model of waveforms.
_PRODUCT_WITHOUT_CORE = re.compile(f"(?:^|;)[^/;]+?{_PATH}")


@dataclass(frozen=True)
class Layer:
    """Products of one layer in a TFLite file.

    Attributes:
        scopes: scopes of its operations, as AI Edge Quantizer names them.
        weights: number of its parameters.
    """

    scopes: tuple[str, ...]
    weights: int


def product_layers(path: pathlib.Path) -> dict[str, Layer]:
    """Returns the layers with products or convolutions, by their paths below the core or model.

    Transforms are left out: they are float32 in every format.
    """
    from ai_edge_litert.tools import flatbuffer_utils
    from ai_edge_quantizer.utils.tfl_flatbuffer_utils import get_op_scope

    model: Any = flatbuffer_utils.read_model(str(path))
    names = [flatbuffer_utils.opcode_to_name(model, n) for n in range(len(model.operatorCodes))]
    found: dict[str, list[tuple[str, dict[int, int]]]] = {}
    for graph in model.subgraphs:
        for op in graph.operators:
            scope = get_op_scope(op, graph.tensors)
            if names[op.opcodeIndex] in number_formats.PRODUCTS and not _TRANSFORM.search(scope):
                constants = _constants(model, [graph.tensors[n] for n in op.inputs if n >= 0])
                found.setdefault(_layer_path(scope), []).append((scope, constants))
    return {name: _layer(products) for name, products in found.items()}


def _layer_path(scope: str) -> str:
    product = _PRODUCT.search(scope) or _PRODUCT_WITHOUT_CORE.search(scope)
    if product is None:
        return scope
    trace, path = product.groups(default="")
    return "/".join(part.removesuffix(trace) for part in path.split("/"))


def _constants(model: Any, tensors: Sequence[Any]) -> dict[int, int]:
    """Returns the sizes of constant tensors by buffer, which unrolled steps share."""
    constant = [tensor for tensor in tensors if model.buffers[tensor.buffer].data is not None]
    return {tensor.buffer: int(np.prod(tensor.shape)) for tensor in constant}


def _layer(products: Sequence[tuple[str, dict[int, int]]]) -> Layer:
    sizes = {buffer: size for _, constants in products for buffer, size in constants.items()}
    return Layer(tuple(scope for scope, _ in products), sum(sizes.values()))


def signals(waveforms: Sequence[Samples], sample_rate: int) -> list[Samples]:
    """Returns the beginnings of a few waveforms, evenly spread over all of them."""
    chosen = np.linspace(0, len(waveforms) - 1, min(SIGNALS, len(waveforms))).round().astype(int)
    return [waveforms[n][: round(SIGNAL_S * sample_rate)] for n in chosen]


def output_snr_db(
    source: pathlib.Path,
    number_format: str,
    layers: Mapping[str, Layer],
    ranges: number_formats.Ranges | None,
    waveforms: Sequence[Samples],
) -> dict[str, float]:
    """Measures each layer alone in a number format.

    Args:
        source: the float32 file.
        number_format: a format with 8-bit weights.
        layers: from `product_layers`.
        ranges: ranges of activations, for formats that are `CALIBRATED`.
        waveforms: noisy, `[samples]` each.

    Returns:
        Output SNR against the float32 file in dB by layer, mean over the waveforms: a
        quiet one has the same weight as a loud one.
    """
    wanted = [step_runs.enhanced(source, waveform) for waveform in waveforms]
    measured = {}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "one_layer.tflite"
        for name, layer in layers.items():
            path.write_bytes(number_formats.quantize(source, number_format, layer.scopes, ranges))
            got = [step_runs.enhanced(path, waveform) for waveform in waveforms]
            measured[name] = float(np.mean(list(map(_snr_db, wanted, got))))
    return measured


def _snr_db(reference: Samples, estimate: Samples) -> float:
    # Limited, so that a silent or unchanged output does not dominate the mean.
    power = np.sum(np.square(reference, dtype=np.float64))
    error = np.sum(np.square(estimate - reference, dtype=np.float64))
    ratio = power / max(error, 1e-30) if np.isfinite(error) else 0.0
    return float(10 * np.log10(np.clip(ratio, 1e-12, 1e12)))


def sensitive(snr_db: Mapping[str, float], layers: Mapping[str, Layer]) -> dict[str, float]:
    """Returns the layers that stay float32 and their output SNR, the most sensitive first.

    These are the layers below `LEAST_SNR_DB`, while they hold at most `LARGEST_SHARE` of
    all weights together: 8-bit formats are chosen for their size.
    """
    left = LARGEST_SHARE * sum(layer.weights for layer in layers.values())
    kept = {}
    for name, found in sorted(snr_db.items(), key=lambda item: item[1]):
        if found < LEAST_SNR_DB and layers[name].weights <= left:
            left -= layers[name].weights
            kept[name] = found
    return kept


def of_run_time(snr_db: Mapping[str, float], kept: Mapping[str, float]) -> dict[str, float]:
    """Returns the layers of `int8` whose activations are quantized at run time.

    Eight bits over the range of all levels leave few for a quiet recording. A layer that is
    too large to stay float32 keeps its 8-bit weights, and finds the range of its input in every
    step, as in the format `dynamic`.

    Args:
        snr_db: of each layer alone, from `output_snr_db`.
        kept: layers that stay float32, from `sensitive`.
    """
    found = {n: snr for n, snr in snr_db.items() if snr < LEAST_FIXED_SNR_DB and n not in kept}
    return dict(sorted(found.items(), key=lambda item: item[1]))
