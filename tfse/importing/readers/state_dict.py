"""State dict inside the object that PyTorch saved."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from tfse.errors import ModelError
from tfse.importing.readers.limits import MAX_ARRAYS, MAX_DEPTH, MAX_NAME
from tfse.importing.readers.pickle_machine import Inert
from tfse.importing.readers.tensors import Array, Tensor

#: Keys of checkpoints beside which optimizers, epochs and states of generators stand; the first
#: container of tensors is opened.
WRAPPERS = ("model", "model_state_dict", "state_dict", "state", "net", "generator")
#: What wrappers of modules put before every name.
PREFIXES = ("module.", "_orig_mod.")


def state_dict_arrays(saved: Any) -> dict[str, Array]:
    """Returns the arrays of the state dict, by their names in it.

    A checkpoint is opened along `WRAPPERS`, as far as there are any; names in nested containers
    are joined by dots. A prefix of `PREFIXES` that all names share is removed.

    Args:
        saved: what the pickle holds.

    Raises:
        ModelError: there is no tensor, or the containers are too deep.
    """
    if isinstance(saved, Inert):
        raise ModelError(
            f"it is a whole object of the class {saved.name!r}, which was not made; load it with "
            "PyTorch and save its state dict alone."
        )
    tensors = list(itertools.islice(_tensors(_unwrapped(saved)), MAX_ARRAYS + 1))
    if not tensors:
        raise ModelError("it holds no tensors.")
    if len(tensors) > MAX_ARRAYS or any(len(name) > MAX_NAME for name, _ in tensors):
        raise ModelError("it holds more tensors, or longer names, than any weights.")
    arrays = {name: tensor.array() for name, tensor in tensors}
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in arrays):
            arrays = {name.removeprefix(prefix): array for name, array in arrays.items()}
    return arrays


def _unwrapped(saved: Any) -> Any:
    for _ in range(MAX_DEPTH):
        if not isinstance(saved, dict):
            break
        inner = (saved[key] for key in WRAPPERS if isinstance(saved.get(key), dict | list | tuple))
        found = next((each for each in inner if any(_tensors(each))), None)
        if found is None:
            break
        saved = found
    return saved


def _tensors(root: Any) -> Iterable[tuple[str, Tensor]]:
    """Yields tensors by dotted name; a container that occurs twice has its first name."""
    seen: set[int] = set()
    waiting: list[tuple[tuple[str, ...], Any]] = [((), root)]
    while waiting:
        names, value = waiting.pop()
        if isinstance(value, Tensor):
            yield ".".join(names), value
        elif isinstance(value, dict | list | tuple) and id(value) not in seen:
            if len(names) > MAX_DEPTH:
                raise ModelError("its containers are deeper than any of weights.")
            seen.add(id(value))
            items = value.items() if isinstance(value, dict) else enumerate(value)
            waiting.extend(reversed([((*names, str(key)), item) for key, item in items]))
