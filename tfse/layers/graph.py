"""Graph of a Keras model: all its layers, and the tensors of their calls.

Keras has no public API for these; all uses of its private API are in this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from tfse.types import Shape


def all_layers(model: keras.Layer) -> list[keras.Layer]:
    """Returns a model and all its layers, including nested ones."""
    return list(model._flatten_layers())


def operations(model: keras.Model) -> Iterator[keras.Operation]:
    """Yields the operations of a functional model; nested models are expanded."""
    for operation in model.operations:
        if isinstance(operation, keras.Model):
            yield from operations(operation)
        else:
            yield operation


def input_shapes(operation: keras.Operation) -> list[Shape]:
    """Returns the shapes of the inputs of an operation's first call; empty for an input layer."""
    return [tuple(tensor.shape) for tensor in input_tensors(operation)]


def input_tensors(operation: keras.Operation) -> list[Any]:
    """Returns the symbolic tensors of an operation's first call; empty for an input layer."""
    nodes = operation._inbound_nodes
    return list(nodes[0].input_tensors) if nodes else []


def outputs_of_first_call(operation: keras.Operation) -> list[Any]:
    """Returns the symbolic tensors that the first call of an operation returned, flattened."""
    nodes = operation._inbound_nodes
    return list(nodes[0].outputs) if nodes else []


def outputs_of_last_call(operation: keras.Operation) -> list[Any]:
    """Returns the symbolic tensors that the last call of an operation returned, flattened."""
    return list(operation._inbound_nodes[-1].outputs)
