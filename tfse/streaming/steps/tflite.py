"""Step of a TFLite file."""

from __future__ import annotations

import contextlib
import math
import pathlib
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfse import native_logs
from tfse.errors import ModelError
from tfse.streaming.steps.exported import ExportedStep, NamedState
from tfse.streaming.steps.signature import BLOCK, NOISY, STEP, tflite_metadata

#: Of all inputs of a step together, 256 MB; the largest shipped model has 0.1 million.
_MAX_INPUT_VALUES = 1 << 26


class TFLiteStep(ExportedStep):
    """Step that runs the signatures of a TFLite file with LiteRT; names as in `signature`.

    The initial state is zeros, as in all layers of tfse. Samples that fill a block of the
    signature `block` run by it, the others by `step`; the results are equal. Several
    threads may share a step: they run one after another.

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
        interpreter = _interpreter(path, num_threads)
        step = _runner(interpreter, STEP, path)
        self._inputs = step.get_input_details()
        streams, samples = _checked_shape(self._inputs, metadata.hop_length, path)
        self._runners = {samples: step}
        self._lock = threading.Lock()
        if BLOCK in interpreter.get_signature_list():
            block = _runner(interpreter, BLOCK, path)
            shape = _checked_shape(block.get_input_details(), samples, path)
            _require_same_states(self._inputs, block.get_input_details(), path)
            self._runners[shape[1]] = block
        super().__init__(metadata, streams, samples, max(self._runners))

    def _initial(self, num_streams: int) -> NamedState:
        return {
            name: np.zeros(details["shape"], details["dtype"])
            for name, details in self._inputs.items()
            if name != NOISY
        }

    def _run(self, inputs: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            return dict(self._runners[inputs[NOISY].shape[1]](**inputs))


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


def _require_same_states(step: dict[str, Any], block: dict[str, Any], path: pathlib.Path) -> None:
    def states(inputs: dict[str, Any]) -> dict[str, tuple[list[int], Any]]:
        return {
            name: (list(details["shape"]), details["dtype"])
            for name, details in inputs.items()
            if name != NOISY
        }

    if states(step) != states(block):
        raise ModelError(
            f"`{STEP}` and `{BLOCK}` of a TFLite file must have the same states: {path}."
        )


def signature_runner(path: pathlib.Path, num_threads: int, signature: str = STEP) -> Any:
    """Returns a runner of a signature of a file.

    Raises:
        ModelError: the signature is missing, or LiteRT is not installed.
    """
    return _runner(_interpreter(path, num_threads), signature, path)


def _interpreter(path: pathlib.Path, num_threads: int) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ModelError(".tflite files need LiteRT: pip install ai-edge-litert") from error
    with _unusable(path), native_logs.hidden():
        # The path is read here: LiteRT maps files, and a mapped file that is
        # overwritten by a later export kills the process.
        interpreter = Interpreter(model_content=path.read_bytes(), num_threads=num_threads)
        interpreter.allocate_tensors()
        return interpreter


def _runner(interpreter: Any, signature: str, path: pathlib.Path) -> Any:
    with _unusable(path), native_logs.hidden():
        return interpreter.get_signature_runner(signature)


@contextlib.contextmanager
def _unusable(path: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, RuntimeError, OSError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{path} has no usable signature `{STEP}`: {reason}") from error
