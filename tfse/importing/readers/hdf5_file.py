"""HDF5 files: weights as Keras 2 saves them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfse.errors import ModelError
from tfse.importing.readers.limits import MAX_AXES, MAX_DEPTH, Budget
from tfse.importing.refusals import refusing

Array = npt.NDArray[Any]

MAGIC = b"\x89HDF\r\n\x1a\n"
_NUMBERS = "biuf"
# A whole model has its weights here, beside those of the optimizer.
_WHOLE_MODEL = "model_weights"


def read(content: bytes, budget: Budget) -> dict[str, Array]:
    """Returns the datasets of numbers by their paths, such as "conv/conv/kernel:0".

    They are in the order in which Keras saved them, where the file has it. Of a whole model only
    the weights are read.

    Args:
        content: of the file.
        budget: for the datasets.

    Raises:
        ModelError: the file is damaged, holds links to other files, or too much.
    """
    import h5py

    damaged = refusing("its HDF5 is damaged or cut off.")
    with damaged, h5py.File(h5py.h5f.open_file_image(content)) as file:
        root = _member(file, _WHOLE_MODEL) if _WHOLE_MODEL in list(file) else file
        items = dict(_items(root))
        found = {name: item for name, item in items.items() if isinstance(item, h5py.Dataset)}
        names = dict.fromkeys([*(name for name in _listed(items) if name in found), *found])
        return {name: _array(found[name], budget) for name in names}


def _listed(items: Mapping[str, Any]) -> Iterator[str]:
    """Yields the paths of weights in the order of Keras' lists; none where it made no lists.

    The lists may name anything, links to other files too, so that only items that were found
    on the way through the groups are looked at.
    """
    layers = map(_text, items[""].attrs.get("layer_names", ()))
    for layer in dict.fromkeys(layers):
        if layer and layer in items:
            for weight in items[layer].attrs.get("weight_names", ()):
                yield f"{layer}/{_text(weight)}"


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _items(root: Any) -> Iterator[tuple[str, Any]]:
    """Yields groups and datasets of numbers by path, depth first.

    A group that occurs twice has its first path.
    """
    import h5py

    seen = set()
    waiting: list[tuple[tuple[str, ...], Any]] = [((), root)]
    while waiting:
        names, item = waiting.pop()
        if isinstance(item, h5py.Dataset):
            if item.shape is not None and item.dtype.kind in _NUMBERS:
                yield "/".join(names), item
            continue
        address = h5py.h5o.get_info(item.id).addr
        if not isinstance(item, h5py.Group) or address in seen:
            continue
        if len(names) > MAX_DEPTH:
            raise ModelError("its groups are deeper than any of weights.")
        seen.add(address)
        yield "/".join(names), item
        waiting.extend(reversed([((*names, name), _member(item, name)) for name in item]))


def _member(group: Any, name: str) -> Any:
    import h5py

    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ModelError(f"its entry {name!r} is a link, perhaps to another file.")
    return group[name]


def _array(dataset: Any, budget: Budget) -> Array:
    if dataset.is_virtual or dataset.external or len(dataset.shape) > MAX_AXES:
        raise ModelError(f"its dataset {dataset.name!r} is kept in other files.")
    budget.spend(math.prod(dataset.shape) * dataset.dtype.itemsize)
    return np.asarray(dataset[()])
