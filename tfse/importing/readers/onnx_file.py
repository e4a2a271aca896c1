"""ONNX files: initializers, constants and nodes of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tfse.errors import ModelError
from tfse.importing.refusals import refusing
from tfse.importing.source import Array, Node

# Protocol buffers have no magic. The first field of an ONNX file is its version, a small number,
# and the next one of the model's other fields.
_VERSION_TAG = 0x08
_MAX_VERSION = 0x20
_NEXT_TAGS = frozenset([0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72])


def is_onnx(content: bytes) -> bool:
    """Returns whether a content begins like an ONNX file."""
    return (
        len(content) > 2
        and content[0] == _VERSION_TAG
        and content[1] < _MAX_VERSION
        and content[2] in _NEXT_TAGS
    )


def read(content: bytes) -> tuple[dict[str, Array], tuple[Node, ...]]:
    """Returns arrays by name, those of subgraphs too, and the nodes in the graph's order.

    Args:
        content: of the file.

    Raises:
        ModelError: the file is damaged, keeps numbers in other files, or the package onnx is
            not installed.
    """
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise ModelError(
            "reading ONNX needs the package onnx; `pip install 'tfse[import]'` installs it."
        ) from error
    with refusing("its ONNX graph is damaged or cut off."):
        graph = onnx.load_model_from_string(content).graph
        arrays: dict[str, Array] = {}
        return arrays, tuple(_nodes(graph, arrays))


def _nodes(graph: Any, arrays: dict[str, Array]) -> Iterator[Node]:
    """Yields the nodes of a graph and stores its arrays."""
    if len(graph.sparse_initializer):
        raise ModelError("its ONNX graph has sparse arrays, which are not read.")
    for tensor in graph.initializer:
        arrays[tensor.name] = _array(tensor)
    for node in graph.node:
        attributes = {a.name: _attribute(a, arrays) for a in node.attribute}
        constant = [v for v in attributes.values() if isinstance(v, np.ndarray | int | float)]
        if node.op_type == "Constant" and constant:
            arrays[node.output[0]] = np.asarray(constant[0])
        yield Node(node.op_type, tuple(node.input), tuple(node.output), attributes)


def _attribute(attribute: Any, arrays: dict[str, Array]) -> Any:
    """Returns an attribute: a number, a string, an array, a tuple of those, or of nodes."""
    import onnx

    return _plain(onnx.helper.get_attribute_value(attribute), arrays)


def _plain(value: Any, arrays: dict[str, Array]) -> Any:
    import onnx

    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, onnx.TensorProto):
        return _array(value)
    if isinstance(value, onnx.GraphProto):
        return tuple(_nodes(value, arrays))
    if isinstance(value, int | float | str):
        return value
    return tuple(_plain(each, arrays) for each in value)


def _array(tensor: Any) -> Array:
    import onnx

    if tensor.data_location == onnx.TensorProto.EXTERNAL or len(tensor.external_data):
        raise ModelError(f"its array {tensor.name!r} is kept in another file.")
    return np.asarray(onnx.numpy_helper.to_array(tensor))
