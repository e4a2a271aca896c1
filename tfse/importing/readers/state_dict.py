"""State dict inside the object that PyTorch saved."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfse.errors import ModelError
from tfse.importing.readers.limits import MAX_DEPTH
from tfse.importing.readers.tensors import Array, Tensor

#: Keys of checkpoints beside which optimizers and epochs stand; the first that holds tensors
#: is opened.
WRAPPERS = ("model", "model_state_dict", "state_dict", "state", "net", "generator")
#: What wrappers of modules put before every name.
PREFIXES = ("module.", "_orig_mod.")


def state_dict_arrays(saved: Any) -> dict[str, Array]:
    """Returns the arrays of the state dict, by their names in it.

    A checkpoint is opened along `WRAPPERS` until a dict holds tensors itself; names in nested
    containers are joined by dots. A prefix of `PREFIXES` that all names share is removed.

    Args:
        saved: what the pickle holds.

    Raises:
        ModelError: there is no tensor, or the containers are too deep.
    """
    arrays = {name: tensor.array() for name, tensor in _tensors(_unwrapped(saved))}
    if not arrays:
        raise ModelError("it holds no tensors.")
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in arrays):
            arrays = {name.removeprefix(prefix): array for name, array in arrays.items()}
    return arrays


def _unwrapped(saved: Any) -> Any:
    for _ in range(MAX_DEPTH):
        if not isinstance(saved, dict) or any(isinstance(v, Tensor) for v in saved.values()):
            break
        inner = (saved[key] for key in WRAPPERS if any(_tensors(saved.get(key))))
        found = next(inner, None)
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
