"""Weights of GTCRN's ONNX graph, by the names and in the layouts of its PyTorch checkpoint.

Conversion loses most names, so the operations are numbered in the order of the graph, which is
that of the authors' `forward`. Where batch normalizations are folded into convolutions, they
come back as those that change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from tfse.errors import ModelError
from tfse.importing.source import Array, ArrayPool, Node, Part
from tfse.models.gtcrn import GTCRNConfig

State = Mapping[str, Array]

_CONVOLUTIONS = ("Conv", "ConvTranspose")
# Convolutions of a stage with convolutions over time, and of others.
_BLOCK = ("point_conv1", "depth_conv", "point_conv2")
_INPUTS = {"mix", "conv_cache", "tra_cache", "inter_cache"}
# Position of the initial state among the inputs of a GRU.
_INITIAL = 5


def recognizes(part: Part) -> bool:
    """Returns whether an ONNX file is a streaming step of GTCRN."""
    return _INPUTS.issubset(name for node in part.nodes for name in node.inputs)


def state_dict(part: Part) -> tuple[State, tuple[int, ...]]:
    """Returns the arrays of a streaming step, and the dilations of its encoder over time.

    Raises:
        ModelError: the graph has other operations than GTCRN, or an array is left over.
    """
    graph = _Graph(part)
    state = dict(graph.arrays())
    pool = ArrayPool(part.arrays, lambda name: name in graph.constants)
    for name in graph.used:
        pool.take(name)
    pool.require_empty()
    return state, graph.dilations


class _Graph:
    """Operations with weights, in order, and the arrays that were taken."""

    def __init__(self, part: Part) -> None:
        self._arrays = part.arrays
        self._nodes = part.nodes
        self._consumers = {name: node for node in part.nodes for name in node.inputs}
        self.used: set[str] = set()
        initial = {n.inputs[_INITIAL] for n in part.nodes if n.op == "GRU"}
        self.constants = {
            name
            for name, array in part.arrays.items()
            if array.dtype.kind != "f" or array.ndim == 0 or (name in initial and not array.any())
        }
        self._convolutions = [n for n in part.nodes if n.op in _CONVOLUTIONS]
        count = len(self._convolutions) - 4
        self._blocks = count // 6
        self._pairs = sum(self._is_bidirectional(n) for n in part.nodes) // 2
        if count < 6 or count % 6:
            raise ModelError(
                "GTCRN must have 4 convolutions and 6 per temporal block; received "
                f"{len(self._convolutions)}."
            )

    @property
    def dilations(self) -> tuple[int, ...]:
        """Dilations over time of the encoder's temporal blocks."""
        depth = self._convolutions[3 : 3 + 3 * self._blocks : 3]
        return tuple(int(node.attributes.get("dilations", (1, 1))[0]) for node in depth)

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """Yields all weights by the names of the checkpoint."""
        pairs = zip(self._names_of_convolutions(), self._convolutions, strict=True)
        for name, node in pairs:
            yield from self._convolution(name, node)
        for name, node in self._matched("PRelu", self._names_of_slopes()):
            yield f"{name}.weight", self._take(node.inputs[1])
        for name, node in self._matched("GRU", self._names_of_grus()):
            yield from self._gru(name, node)
        for name, node in self._matched("MatMul", self._names_of_dense(), constant=1):
            yield from self._dense(name, node)
        for name, node in self._matched("Mul", self._names_of_norms(), constant=1):
            yield f"{name}.weight", self._take(node.inputs[1])
            yield f"{name}.bias", self._take(self._added(node) or "")

    def _names_of_convolutions(self) -> Iterator[str]:
        yield from ("encoder.en_convs.0.conv", "encoder.en_convs.1.conv")
        for block in self._temporal_blocks():
            yield from (f"{block}.{name}" for name in _BLOCK)
        yield from (f"decoder.de_convs.{self._blocks + n}.conv" for n in range(2))

    def _names_of_slopes(self) -> Iterator[str]:
        yield from ("encoder.en_convs.0.act", "encoder.en_convs.1.act")
        for block in self._temporal_blocks():
            yield from (f"{block}.point_act", f"{block}.depth_act")
        yield f"decoder.de_convs.{self._blocks}.act"

    def _names_of_grus(self) -> Iterator[str]:
        encoder, decoder = np.split(np.array(self._temporal_blocks()), 2)
        yield from (f"{block}.tra.att_gru" for block in encoder)
        for pair in range(self._pairs):
            for path in ("intra", "inter"):
                yield from (f"dpgrnn{pair + 1}.{path}_rnn.rnn{n}" for n in (1, 2))
        yield from (f"{block}.tra.att_gru" for block in decoder)

    def _names_of_dense(self) -> Iterator[str]:
        encoder, decoder = np.split(np.array(self._temporal_blocks()), 2)
        yield "erb.erb_fc"
        yield from (f"{block}.tra.att_fc" for block in encoder)
        yield from (name.replace("_ln", "_fc") for name in self._names_of_norms())
        yield from (f"{block}.tra.att_fc" for block in decoder)
        yield "erb.ierb_fc"

    def _names_of_norms(self) -> list[str]:
        pairs = range(1, self._pairs + 1)
        return [f"dpgrnn{n}.{path}_ln" for n in pairs for path in ("intra", "inter")]

    def _temporal_blocks(self) -> list[str]:
        encoder = [f"encoder.en_convs.{2 + n}" for n in range(self._blocks)]
        return [*encoder, *(f"decoder.de_convs.{n}" for n in range(self._blocks))]

    def _matched(
        self, op: str, names: Iterator[str] | list[str], constant: int | None = None
    ) -> Iterator[tuple[str, Node]]:
        """Yields the operations of a type with their names.

        Args:
            op: type.
            names: in the order of the graph.
            constant: number of an input that must be an array.
        """
        nodes = [
            node
            for node in self._nodes
            if node.op == op and (constant is None or node.inputs[constant] in self._arrays)
        ]
        expected = list(names)
        if len(nodes) != len(expected):
            raise ModelError(
                f"GTCRN must have {len(expected)} operations {op}; received {len(nodes)}."
            )
        yield from zip(expected, nodes, strict=True)

    def _convolution(self, name: str, node: Node) -> Iterator[tuple[str, Array]]:
        kernel = self._take(node.inputs[1])
        if name.startswith("decoder") and name.endswith("depth_conv") and node.op == "Conv":
            # Newer files hold the transposed convolution as one with the kernel in reverse.
            kernel = kernel[:, :, ::-1, ::-1]
        yield f"{name}.weight", kernel
        yield f"{name}.bias", self._take(node.inputs[2])
        parts = ("weight", "bias", "running_mean", "running_var")
        norm = self._consumers[node.outputs[0]]
        channels = len(self._arrays[node.inputs[2]])
        arrays = _identity(channels)
        if norm.op == "BatchNormalization":
            arrays = [self._take(array) for array in norm.inputs[1:]]
        for part, array in zip(parts, arrays, strict=True):
            yield f"{_norm_name(name)}.{part}", array

    def _gru(self, name: str, node: Node) -> Iterator[tuple[str, Array]]:
        """Yields a GRU; ONNX has the order z, r, n and both biases in one array."""
        kernel, recurrent, biases = (self._take(array) for array in node.inputs[1:4])
        if not node.attributes.get("linear_before_reset"):
            raise ModelError("GRUs must have linear_before_reset=1; received 0.")
        for direction, end in enumerate(("", "_reverse")[: len(kernel)]):
            bias, second = np.split(biases[direction], 2)
            yield f"{name}.weight_ih_l0{end}", _reset_first(kernel[direction])
            yield f"{name}.weight_hh_l0{end}", _reset_first(recurrent[direction])
            yield f"{name}.bias_ih_l0{end}", _reset_first(bias)
            yield f"{name}.bias_hh_l0{end}", _reset_first(second)

    def _dense(self, name: str, node: Node) -> Iterator[tuple[str, Array]]:
        yield f"{name}.weight", self._take(node.inputs[1]).T
        if not name.startswith("erb"):
            yield f"{name}.bias", self._take(self._added(node) or "")

    def _added(self, node: Node) -> str | None:
        """Returns the array that the next operation adds."""
        added = self._consumers[node.outputs[0]]
        return next((name for name in added.inputs if name in self._arrays), None)

    def _take(self, name: str) -> Array:
        if name not in self._arrays:
            raise ModelError("the graph of GTCRN must add a bias after its products.")
        self.used.add(name)
        return self._arrays[name]

    def _is_bidirectional(self, node: Node) -> bool:
        return node.op == "GRU" and node.attributes.get("direction") == "bidirectional"


def _identity(channels: int) -> list[Array]:
    """Returns scale, offset, mean and variance of a normalization that changes nothing."""
    ones, zeros = np.ones(channels, np.float32), np.zeros(channels, np.float32)
    return [ones, zeros, zeros, ones - np.float32(GTCRNConfig().epsilon)]


def _reset_first(rows: Array) -> Array:
    update, reset, candidate = np.split(rows, 3)
    return np.concatenate([reset, update, candidate])


def _norm_name(convolution: str) -> str:
    """Returns the name of the normalization after a convolution."""
    stage, _, last = convolution.rpartition(".")
    return f"{stage}.{last.replace('conv', 'bn')}"
