"""Arrays of a published DeepFilterNet3 by module, from a checkpoint or from ONNX graphs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from tfse.errors import ModelError
from tfse.importing.originals.pytorch_gru import update_first
from tfse.importing.source import Array, ArrayPool, Part

#: Parts of the network, as in the names of the state dict and of the ONNX files.
PARTS = ("enc", "erb_dec", "df_dec")
# Blends filtered and unfiltered bins in older models; computed, but not used by this one.
_UNUSED = "df_fc_a"


class Convolution(NamedTuple):
    """Convolutions in a row with a batch normalization, as `y = x * scale + offset`.

    Attributes:
        kernels: as in PyTorch, `[outputs, inputs / groups, frames, bins]`, or
            `[inputs, outputs / groups, frames, bins]` if transposed.
        gamma: scale of the batch normalization.
        beta: offset of the batch normalization.
        mean: moving mean; zeros if the normalization is folded into the last kernel.
        variance: moving variance; None if the normalization is folded.
    """

    kernels: list[Array]
    gamma: Array
    beta: Array
    mean: Array
    variance: Array | None


class GRU(NamedTuple):
    """Weights of a GRU as in ONNX, gates in the order z, r, n in the rows.

    Attributes:
        kernel: `[3 * units, channels]`.
        recurrent_kernel: `[3 * units, units]`.
        bias: `[3 * units]`.
        recurrent_bias: `[3 * units]`.
    """

    kernel: Array
    recurrent_kernel: Array
    bias: Array
    recurrent_bias: Array


class Arrays(Protocol):
    """Arrays by part and module; every method takes what it returns."""

    def convolution(self, part: str, module: str) -> Convolution:
        """Returns the convolutions and the normalization of a module."""

    def grus(self, part: str, module: str) -> list[GRU]:
        """Returns the GRUs of a module, in their order."""

    def grouped(self, part: str, module: str) -> Array:
        """Returns the kernel of a grouped linear layer, `[groups, inputs, outputs]`."""

    def dense(self, part: str, module: str) -> tuple[Array, Array]:
        """Returns kernel `[inputs, outputs]` and bias of a linear layer."""

    def require_empty(self) -> None:
        """Raises `ModelError` if an array was not taken."""


class CheckpointArrays:
    """Arrays of a state dict of `DfNet`.

    Args:
        arrays: the state dict, without the filter banks.
    """

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._names = list(arrays)
        self._pool = ArrayPool(
            arrays, lambda name: name.endswith("num_batches_tracked") or f".{_UNUSED}." in name
        )
        self._shapes = {name: array.shape for name, array in arrays.items()}

    def convolution(self, part: str, module: str) -> Convolution:
        """Returns the convolutions and the normalization of a module."""
        prefix = f"{part}.{module}."
        weights = [n for n in self._names if n.startswith(prefix) and n.endswith(".weight")]
        kernels = [self._pool.take(n) for n in weights if len(self._shapes[n]) == 4]
        if len(kernels) != len(weights) - 1:
            raise ModelError(f"{prefix}* must be convolutions and a normalization.")
        norm = weights[-1].removesuffix("weight")
        parts = ("weight", "bias", "running_mean", "running_var")
        return Convolution(kernels, *(self._pool.take(norm + name) for name in parts))

    def grus(self, part: str, module: str) -> list[GRU]:
        """Returns the GRUs of a module, in their order."""
        prefix = f"{part}.{module}.gru."
        count = sum(n.startswith(f"{prefix}weight_ih_l") for n in self._names)
        names = ("weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l")
        return [
            GRU(*(update_first(self._pool.take(f"{prefix}{name}{index}")) for name in names))
            for index in range(count)
        ]

    def grouped(self, part: str, module: str) -> Array:
        """Returns the kernel of a grouped linear layer."""
        return self._pool.take(f"{part}.{module}.weight")

    def dense(self, part: str, module: str) -> tuple[Array, Array]:
        """Returns kernel and bias of a linear layer."""
        kernel = self._pool.take(f"{part}.{module}.weight")
        return kernel.T, self._pool.take(f"{part}.{module}.bias")

    def require_empty(self) -> None:
        """Checks that every array was taken."""
        self._pool.require_empty()


class GraphArrays:
    """Arrays of the three ONNX graphs, which are found by the scopes of their operations.

    Normalizations are folded into the last convolution of a module.

    Args:
        graphs: by name of `PARTS`.
    """

    def __init__(self, graphs: Mapping[str, Part]) -> None:
        self._graphs = graphs
        self._pools = {name: _weights_of(part) for name, part in graphs.items()}

    def convolution(self, part: str, module: str) -> Convolution:
        """Returns the convolutions and the normalization of a module."""
        inputs = self._inputs(part, module, ("Conv", "ConvTranspose"))
        kernels = [self._pools[part].take(names[1]) for names in inputs]
        beta = self._pools[part].take(inputs[-1][2])
        return Convolution(kernels, np.ones_like(beta), beta, np.zeros_like(beta), None)

    def grus(self, part: str, module: str) -> list[GRU]:
        """Returns the GRUs of a module, in their order."""
        grus = []
        for inputs in self._inputs(part, module, ("GRU",)):
            kernel, recurrent, biases = (self._pools[part].take(name)[0] for name in inputs[1:4])
            grus.append(GRU(kernel, recurrent, *np.split(biases, 2)))
        return grus

    def grouped(self, part: str, module: str) -> Array:
        """Returns the kernel of a grouped linear layer."""
        return self._pools[part].take(f"{module}.weight")

    def dense(self, part: str, module: str) -> tuple[Array, Array]:
        """Returns kernel and bias of a linear layer."""
        (inputs,) = self._inputs(part, module.split(".")[0], ("MatMul",))
        return self._pools[part].take(inputs[1]), self._pools[part].take(f"{module}.bias")

    def require_empty(self) -> None:
        """Checks that every array was taken."""
        for pool in self._pools.values():
            pool.require_empty()

    def _inputs(self, part: str, module: str, ops: Sequence[str]) -> list[tuple[str, ...]]:
        """Returns the inputs of the operations of a module, in the order of the graph."""
        found = [
            node.inputs
            for node in self._graphs[part].nodes
            if node.op in ops and re.match(rf"/?{module}/", node.outputs[0])
        ]
        if not found:
            raise ModelError(f"{self._graphs[part].name} has no {ops[0]} in the scope {module!r}.")
        return found


def _weights_of(part: Part) -> ArrayPool:
    """Returns the arrays that products, convolutions and GRUs read.

    All others are shapes, indices, zeros of padding, and the range of the local SNR.
    """
    unused = {
        name
        for node in part.nodes
        if any(_UNUSED in output for output in node.outputs) and node.op in ("MatMul", "Add")
        for name in node.inputs
    }
    weights = {
        name: array
        for name, array in part.arrays.items()
        if array.dtype.kind == "f" and array.ndim and name not in unused
    }
    return ArrayPool(weights)
