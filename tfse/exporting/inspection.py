"""Inspection of TFLite files: operations, order of tensors, and checks before release."""

from __future__ import annotations

import collections
import pathlib
from typing import Any

import numpy as np

from tfse.errors import ModelError
from tfse.streaming.steps.signature import STEP
from tfse.streaming.steps.tflite import signature_runner

# LiteRT's CompiledModel and LiteRT.js do not run these, or run them slowly.
FORBIDDEN = (
    "ASSIGN_VARIABLE",
    "CALL_ONCE",
    "CUSTOM",
    "IF",
    "READ_VARIABLE",
    "STABLEHLO_COMPOSITE",
    "VAR_HANDLE",
    "WHILE",
)


def check_tflite(path: pathlib.Path) -> None:
    """Checks that a file runs on every device.

    Raises:
        ModelError: it has an operation that is `FORBIDDEN` or a variable tensor,
            one of LiteRT's two runtimes does not run it, or the output for a
            block of silence is not finite.
    """
    model = _parsed(path)
    refused = sorted(set(_counted(model)) & set(FORBIDDEN))
    if refused:
        raise ModelError(f"a device file must hold built-in operations only; received {refused}.")
    if any(tensor.isVariable for graph in model.subgraphs for tensor in graph.tensors):
        raise ModelError(f"a device file must hold no variable tensors; {path.name} does.")
    for signature in (s.signatureKey.decode() for s in model.signatureDefs):
        _check_silence(path, signature)


def _check_silence(path: pathlib.Path, signature: str) -> None:
    run = signature_runner(path, 1, signature)
    silence = {n: np.zeros(d["shape"], d["dtype"]) for n, d in run.get_input_details().items()}
    for runtime, outputs in {
        "Interpreter": run(**silence),
        "CompiledModel": run_compiled(path, silence, signature),
    }.items():
        broken = [name for name, values in outputs.items() if not np.isfinite(values).all()]
        if broken:
            raise ModelError(
                f"the output for silence is not finite in LiteRT's {runtime}: {broken}."
            )


def operations(path: pathlib.Path) -> dict[str, int]:
    """Returns the number of each operation in a file, by TFLite's names."""
    return _counted(_parsed(path))


def tensor_order(path: pathlib.Path) -> dict[str, list[str]]:
    """Returns the names of the signature `step` in the order of the file's tensors.

    Runtimes that do not read signatures number the inputs and outputs of a file, and use
    other names; `inputs[n]` here is their input n, `outputs[n]` their output n.
    """
    model = _parsed(path)
    (signature,) = (s for s in model.signatureDefs if s.signatureKey.decode() == STEP)
    graph = model.subgraphs[signature.subgraphIndex]
    orders = {"inputs": graph.inputs, "outputs": graph.outputs}
    maps = {"inputs": signature.inputs, "outputs": signature.outputs}
    names = {
        side: {int(entry.tensorIndex): entry.name.decode() for entry in entries}
        for side, entries in maps.items()
    }
    return {side: [names[side][int(n)] for n in order] for side, order in orders.items()}


def _counted(model: Any) -> dict[str, int]:
    from ai_edge_litert.tools import flatbuffer_utils

    names = [flatbuffer_utils.opcode_to_name(model, n) for n in range(len(model.operatorCodes))]
    counts = collections.Counter(
        names[op.opcodeIndex] for graph in model.subgraphs for op in graph.operators
    )
    return dict(counts)


def run_compiled(
    path: pathlib.Path, inputs: dict[str, Any], signature: str = STEP
) -> dict[str, Any]:
    """Runs a signature once by LiteRT's `CompiledModel` on the CPU.

    Raises:
        ModelError: it cannot run the file.
    """
    from ai_edge_litert.compiled_model import CompiledModel

    try:
        with CompiledModel.from_file(str(path)) as model:
            buffers = {name: model.create_input_buffer_by_name(signature, name) for name in inputs}
            for name, values in inputs.items():
                buffers[name].write(np.ascontiguousarray(values))
            details = model.get_output_tensor_details(signature)
            results = {
                name: model.create_output_buffer_by_name(signature, name) for name in details
            }
            model.run_by_name(signature, buffers, results)
            return {
                name: buffer.read(int(np.prod(details[name]["shape"])), np.float32)
                for name, buffer in results.items()
            }
    except RuntimeError as error:
        raise ModelError(f"LiteRT's CompiledModel cannot run the file: {error}") from error


def _parsed(path: pathlib.Path) -> Any:
    from ai_edge_litert.tools import flatbuffer_utils

    return flatbuffer_utils.read_model(str(path))
