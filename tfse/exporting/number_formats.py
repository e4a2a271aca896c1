"""How a float32 TFLite file becomes one of another number format."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfse.streaming.contract import STEP

FLOAT32 = "float32"
#: Formats whose activations have fixed ranges, which must be seen on real signals.
CALIBRATED = ("int8", "int16x8")
FORMATS = (FLOAT32, "float16", "dynamic", *CALIBRATED)

Recipe = list[dict[str, Any]]
Calibration = Mapping[str, npt.NDArray[np.float32]]

_PRODUCTS = ("FULLY_CONNECTED", "CONV_2D")
_UNIFORM = "min_max_uniform_quantize"

# What stays float32, by the layers in the names of TensorFlow's tensors, each with a
# number that counts traces. The transforms must keep 80 dB. The first convolutions of
# a DPCRN see the widest range of levels and are 2 % of its products: in 8 bits they
# cost the trained dpcrn_small 9 of the 28 dB of output SNR that the rest has together.
_TRANSFORMS = ("stft", "inverse_stft")
_SENSITIVE = ("encoder_0", "encoder_1", "encoder_2")


def recipe(number_format: str) -> Recipe:
    """Returns what AI Edge Quantizer does for a format.

    float16: weights of products and convolutions in half precision, computed in
    float32. dynamic: the same weights in int8 by channel, activations quantized
    as they come. int8: activations too, with fixed ranges. int16x8: activations
    in 16 bits, weights in 8. What is neither product nor convolution, gates and
    cells of LSTMs among it, stays float32: a cell of 8 bits forgets.
    """
    weights = {"num_bits": 8, "symmetric": True, "granularity": "CHANNELWISE", "dtype": "INT"}
    if number_format == "float16":
        half = {"num_bits": 16, "symmetric": True, "granularity": "TENSORWISE", "dtype": "FLOAT"}
        return [*_entries("float_casting", ".*", "FLOAT", half), *_kept(_TRANSFORMS)]
    bits = {"int8": 8, "int16x8": 16}.get(number_format)
    activations: dict[str, Any] | None = None
    if bits:
        whole = {"num_bits": bits, "symmetric": bits == 16, "granularity": "TENSORWISE"}
        activations = {**weights, **whole}
    return [
        *_entries(_UNIFORM, ".*", "INTEGER", weights, activations),
        *_kept((*_TRANSFORMS, *_SENSITIVE)),
    ]


def _kept(layers: tuple[str, ...]) -> Recipe:
    regex = rf"(^|[/;])({'|'.join(layers)})(_\d+)?/"
    return _entries("no_quantize", regex, "FLOAT")


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
        for op in _PRODUCTS
    ]


def quantize(source: pathlib.Path, number_format: str, calibration: Calibration | None) -> bytes:
    """Returns a float32 file in another number format.

    Args:
        source: the file, without metadata.
        number_format: one of `FORMATS`, not float32.
        calibration: inputs of steps, `[steps, ...]` each by name, for formats
            that are `CALIBRATED`.
    """
    from ai_edge_quantizer import quantizer

    made = quantizer.Quantizer(str(source), recipe(number_format))
    ranges = _ranges(source, calibration) if calibration else None
    result = made.quantize(ranges, enable_progress_bar=False, enable_progress_report=False)
    return bytes(result.quantized_model)


def _ranges(source: pathlib.Path, calibration: Calibration) -> dict[str, Any]:
    """Returns the smallest and the largest value that each tensor took."""
    from ai_edge_quantizer import calibrator, recipe_manager
    from ai_edge_quantizer.utils import qsv_utils

    # Not Quantizer.calibrate: it averages the extremes of the steps, and speech is
    # far louder than its average, so that every syllable would be clipped.
    seen = calibrator.Calibrator(
        source.read_bytes(),
        num_threads=1,
        mode=calibrator.CalibrationMode.CALIBRATION_PROFILER_BASED,
        qsv_update_func=qsv_utils.min_max_update,
    )
    count = len(next(iter(calibration.values())))
    steps = [{name: x[n] for name, x in calibration.items()} for n in range(count)]
    seen.calibrate({STEP: steps}, recipe_manager.RecipeManager())
    return dict(seen.get_model_qsvs())
