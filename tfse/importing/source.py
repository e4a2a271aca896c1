"""Published weights as read from their files, before they belong to a model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfse.errors import ModelError
from tfse.importing.refusals import listed
from tfse.models import ModelConfig
from tfse.types import Samples

Array = npt.NDArray[Any]


@dataclasses.dataclass(frozen=True)
class Node:
    """Operation of an ONNX graph.

    Attributes:
        op: type, such as "Conv".
        inputs: names of tensors and initializers, "" for one left out.
        outputs: names of tensors.
        attributes: by name; tensors as arrays.
    """

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Part:
    """One file of published weights, read without running code in it.

    Attributes:
        name: path of the file inside the source.
        kind: "torch", "onnx", "hdf5" or "text".
        content: the bytes of the file, for its original runtime.
        arrays: by their names in the file: entries of the state dict, initializers and
            constants, or datasets.
        nodes: of an ONNX graph, in its order.
        text: of a text file.
    """

    name: str
    kind: str
    content: bytes
    arrays: Mapping[str, Array] = dataclasses.field(default_factory=dict)
    nodes: tuple[Node, ...] = ()
    text: str = ""


@dataclasses.dataclass(frozen=True)
class Source:
    """Files that belong together: one file, a folder, or an archive.

    Attributes:
        parts: the files that could be read.
        refused: of each damaged file of a folder, its name and what is wrong.
    """

    parts: tuple[Part, ...]
    refused: tuple[str, ...] = ()

    def of_kind(self, kind: str) -> list[Part]:
        """Returns the parts of a kind, by name."""
        return sorted((part for part in self.parts if part.kind == kind), key=lambda p: p.name)


@dataclasses.dataclass(frozen=True)
class Conversion:
    """Published weights in the layout of a model of tfse.

    Attributes:
        config: of the model, sizes read from the weights.
        weights: by path of the model's variables.
    """

    config: ModelConfig
    weights: Mapping[str, Array]


@dataclasses.dataclass(frozen=True)
class Importer:
    """What is known of one published model.

    Attributes:
        name: for `--model`.
        origin: where the authors publish, in words.
        licence: of the weights that the authors publish.
        recognizes: whether a source holds weights of this model, by its contents.
        convert: the conversion; raises `ModelError` for what does not fit.
        run_original: enhances a waveform `[samples]` at the model's rate with the original's
            runtime, time-aligned; None where there is none. Raises `ImportError` if the
            runtime is not installed.
    """

    name: str
    origin: str
    licence: str
    recognizes: Callable[[Source], bool]
    convert: Callable[[Source], Conversion]
    run_original: Callable[[Source, Samples], Samples] | None = None


def require_broadcast(array: Array, other: Array) -> None:
    """Checks that an array keeps its shape in an operation with another one.

    Two small arrays of a file could be broadcast to a huge one.

    Raises:
        ModelError: the result would have another shape.
    """
    if np.broadcast_shapes(array.shape, other.shape) != array.shape:
        raise ModelError(
            f"arrays of the shapes {array.shape} and {other.shape} do not belong together."
        )


class ArrayPool:
    """Arrays of a file, each to be taken once.

    Args:
        arrays: by name.
        ignored: names without a weight in the model, such as counters of a training.
    """

    def __init__(
        self, arrays: Mapping[str, Array], ignored: Callable[[str], bool] | None = None
    ) -> None:
        self._left = {k: v for k, v in arrays.items() if not (ignored and ignored(k))}

    def take(self, name: str) -> Array:
        """Returns an array and removes it from the pool.

        Raises:
            ModelError: there is none of this name.
        """
        if name not in self._left:
            raise ModelError(f"the file has no array {name!r}; is it of another model?")
        return self._left.pop(name)

    def require_empty(self) -> None:
        """Checks that every array was taken.

        Raises:
            ModelError: some were not; the message lists them.
        """
        if self._left:
            raise ModelError(
                f"the file has arrays for which the model has no place: {listed(self._left)}."
            )
