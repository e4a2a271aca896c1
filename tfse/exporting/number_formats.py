"""Number formats of TFLite files, and the quantization of float32 files."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tfse.streaming.steps.signature import STEP

FLOAT32 = "float32"
#: Formats whose activations have fixed ranges, which must be measured on real signals.
CALIBRATED = ("int8", "int16x8")
#: Formats whose weights have 8 bits.
EIGHT_BITS = ("dynamic", *CALIBRATED)
FORMATS = (FLOAT32, "float16", *EIGHT_BITS)

#: Operations that are quantized.
PRODUCTS = ("FULLY_CONNECTED", "CONV_2D")
#: Layers that stay float32 in every format, so that an all-ones mask reaches an SNR of 80 dB,
#: and powers of bands keep their range.
TRANSFORMS = ("stft", "inverse_stft", "inverse_fft", "band_levels")
#: Regular expression of their scopes. TensorFlow's tensor names may number a layer by trace.
TRANSFORM_SCOPES = rf"(^|[/;])({'|'.join(TRANSFORMS)})(_\d+)?/"

Recipe = list[dict[str, Any]]
Calibration = Mapping[str, npt.NDArray[np.float32]]
#: Smallest and largest value of each tensor, as AI Edge Quantizer keeps them.
Ranges = dict[str, Any]

_UNIFORM = "min_max_uniform_quantize"
_SMALLEST_RANGE = 1e-6


def recipe(
    number_format: str, scopes: Sequence[str] = (), run_time_scopes: Sequence[str] = ()
) -> Recipe:
    """Returns the recipe of AI Edge Quantizer for a format.

    float16: weights of products and convolutions in half precision, computed in
    float32. dynamic: the same weights in int8 by channel, activations quantized
    at run time. int8: activations too, with fixed ranges. int16x8: activations
    in 16 bits, weights in 8. All other operations, gates and cell states of LSTMs
    among them, stay float32: a cell state of 8 bits loses small updates.

    Args:
        number_format: one of `FORMATS`, not float32.
        scopes: scopes of the operations with 8-bit weights; float16 takes all but the
            transforms.
        run_time_scopes: scopes with 8-bit weights whose activations are quantized at run time,
            as in the format dynamic.
    """
    if number_format == "float16":
        half = {"num_bits": 16, "symmetric": True, "granularity": "TENSORWISE", "dtype": "FLOAT"}
        return [
            *_entries("float_casting", ".*", "FLOAT", half),
            *_entries("no_quantize", TRANSFORM_SCOPES, "FLOAT"),
        ]
    weights = {"num_bits": 8, "symmetric": True, "granularity": "CHANNELWISE", "dtype": "INT"}
    bits = {"int8": 8, "int16x8": 16}.get(number_format)
    activations: dict[str, Any] | None = None
    if bits:
        whole = {"num_bits": bits, "symmetric": bits == 16, "granularity": "TENSORWISE"}
        activations = {**weights, **whole}
    return [
        *_entries(_UNIFORM, _any_of(scopes), "INTEGER", weights, activations),
        *_entries(_UNIFORM, _any_of(run_time_scopes), "INTEGER", weights),
    ]


def _any_of(scopes: Sequence[str]) -> str:
    """Returns a regular expression of these scopes; of none, it has no match."""
    return f"^({'|'.join(map(re.escape, scopes))})$"


def _entries(
    algorithm: str,
    regex: str,
    precision: str,
    weights: dict[str, Any] | None = None,
    activations: dict[str, Any] | None = None,
) -> Recipe:
    config: dict[str, Any] = {
        "compute_precision": precision,
        "explicit_dequantize": algorithm == "float_casting",
        "skip_checks": False,
        "min_weight_elements": 0,
    }
    if weights:
        config["weight_tensor_config"] = weights
    if activations:
        config["activation_tensor_config"] = activations
    return [
        {"regex": regex, "operation": op, "algorithm_key": algorithm, "op_config": config}
        for op in PRODUCTS
    ]


def quantize(
    source: pathlib.Path,
    number_format: str,
    scopes: Sequence[str] = (),
    ranges: Ranges | None = None,
    run_time_scopes: Sequence[str] = (),
) -> bytes:
    """Returns a float32 file in another number format.

    Args:
        source: the file, without metadata.
        number_format: one of `FORMATS`, not float32.
        scopes: see `recipe`; likewise `run_time_scopes`.
        ranges: from `ranges_of`, for formats that are `CALIBRATED`.
    """
    from ai_edge_quantizer import quantizer

    made = quantizer.Quantizer(str(source), recipe(number_format, scopes, run_time_scopes))
    result = made.quantize(ranges, enable_progress_bar=False, enable_progress_report=False)
    return bytes(result.quantized_model)


def ranges_of(source: pathlib.Path, calibration: Calibration) -> Ranges:
    """Returns the smallest and the largest value of each tensor.

    Args:
        source: the float32 file.
        calibration: inputs of steps by name, `[steps, ...]` each.
    """
    from ai_edge_quantizer import calibrator, recipe_manager
    from ai_edge_quantizer.utils import qsv_utils

    # Not Quantizer.calibrate: it averages the extremes of the steps, and peaks of speech
    # are far above their average, so that every syllable would be clipped.
    seen = calibrator.Calibrator(
        source.read_bytes(),
        num_threads=1,
        mode=calibrator.CalibrationMode.CALIBRATION_PROFILER_BASED,
        qsv_update_func=qsv_utils.min_max_update,
    )
    count = len(next(iter(calibration.values())))
    steps = [{name: x[n] for name, x in calibration.items()} for n in range(count)]
    seen.calibrate({STEP: steps}, recipe_manager.RecipeManager())
    return {name: _widened(found) for name, found in seen.get_model_qsvs().items()}


def _widened(found: Any) -> Any:
    """Returns a range that is not empty.

    The scale of a tensor that is always zero, such as that of units which are never active,
    would be so small that runtimes refuse it.
    """
    is_empty = found["max"] - found["min"] < _SMALLEST_RANGE
    return {**found, "max": np.where(is_empty, found["min"] + 1.0, found["max"]).astype(np.float32)}
