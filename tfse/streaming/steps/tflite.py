"""Step of a TFLite file."""

from __future__ import annotations

import math
import pathlib
from typing import Any

import numpy as np

from tfse import native_logs
from tfse.errors import ModelError
from tfse.streaming.steps.exported import ExportedStep, NamedState
from tfse.streaming.steps.signature import NOISY, STEP, tflite_metadata

#: Of all inputs of a step together, 256 MB; the largest shipped model has 0.1 million.
_MAX_INPUT_VALUES = 1 << 26


class TFLiteStep(ExportedStep):
    """Step that runs the signature `step` of a TFLite file with LiteRT; names as in `signature`.

    The initial state is zeros, as in all layers of tfse.

    Args:
        path: the `.tflite` file.
        num_threads: of the interpreter. A step is small: more than one is
            seldom faster.

    Raises:
        ModelError: the file is not an export of tfse, or LiteRT is not installed.
    """

    def __init__(self, path: str | pathlib.Path, num_threads: int = 1) -> None:
        path = pathlib.Path(path)
        if not path.is_file():
            raise ModelError(f"a TFLite model must be a file; received {path}.")
        metadata = tflite_metadata(path)
        self._runner = signature_runner(path, num_threads)
        self._inputs = self._runner.get_input_details()
        streams, samples = _checked_shape(self._inputs, metadata.hop_length, path)
        super().__init__(metadata, streams, samples)

    def _initial(self, num_streams: int) -> NamedState:
        return {
            name: np.zeros(details["shape"], details["dtype"])
            for name, details in self._inputs.items()
            if name != NOISY
        }

    def _run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        return dict(self._runner(**inputs))


def _checked_shape(inputs: dict[str, Any], hop_length: int, path: pathlib.Path) -> tuple[int, int]:
    """Returns streams and samples of a block; checks sizes before anything is allocated."""
    shapes = {name: [int(n) for n in details["shape"]] for name, details in inputs.items()}
    shape = shapes.get(NOISY, [])
    if len(shape) != 2 or min(shape) < 1 or shape[1] % hop_length:
        raise ModelError(
            f"`{NOISY}` of a TFLite file must be [streams, a multiple of {hop_length} samples]; "
            f"received {shape} in {path}."
        )
    values = sum(math.prod(sizes) for sizes in shapes.values())
    if values > _MAX_INPUT_VALUES:
        raise ModelError(
            f"a TFLite file must take at most {_MAX_INPUT_VALUES:,} values per step; received "
            f"{values:,} in {path}."
        )
    return shape[0], shape[1]


def signature_runner(path: pathlib.Path, num_threads: int) -> Any:
    """Returns a runner of the signature `step` of a file.

    Raises:
        ModelError: the signature is missing, or LiteRT is not installed.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ModelError(".tflite files need LiteRT: pip install ai-edge-litert") from error
    try:
        # The path is read here: LiteRT maps files, and a mapped file that is
        # overwritten by a later export kills the process.
        with native_logs.hidden():
            interpreter = Interpreter(model_content=path.read_bytes(), num_threads=num_threads)
            interpreter.allocate_tensors()
            return interpreter.get_signature_runner(STEP)
    except (ValueError, RuntimeError, OSError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{path} has no usable signature `{STEP}`: {reason}") from error
