"""Graph of a Keras model: all its layers, and the tensors of their calls.

Keras has no public names for these, so every use of its private ones is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from tfse.types import Shape


def all_layers(model: keras.Layer) -> list[keras.Layer]:
    """Returns a model and every layer in it, nested ones too."""
    return list(model._flatten_layers())


def operations(model: keras.Model) -> Iterator[keras.Operation]:
    """Yields every operation of a functional model; those of nested models in their place."""
    for operation in model.operations:
        if isinstance(operation, keras.Model):
            yield from operations(operation)
        else:
            yield operation


def input_shapes(operation: keras.Operation) -> list[Shape]:
    """Returns the shapes of the inputs of an operation's first call; none for an input layer."""
    nodes = operation._inbound_nodes
    return [tuple(tensor.shape) for tensor in nodes[0].input_tensors] if nodes else []


def outputs_of_last_call(operation: keras.Operation) -> list[Any]:
    """Returns the symbolic tensors that the last call of an operation returned, flattened."""
    return list(operation._inbound_nodes[-1].outputs)
