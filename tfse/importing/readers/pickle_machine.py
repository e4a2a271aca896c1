"""Pickle machine: reads a pickle of plain data, and calls nothing that the file names.

The standard `pickle` imports and calls whatever a file asks for. Here a name in the file becomes
an inert `Reference`, and a call is looked up in a table of functions of our own; any other ends
the reading. Operations that only programs with classes of their own need do not exist.
"""

from __future__ import annotations

import dataclasses
import io
import pickletools
from collections.abc import Callable, Mapping
from typing import Any

from tfse.errors import ModelError
from tfse.importing.readers.limits import MAX_NAME, MAX_PICKLE_BYTES, MAX_PICKLE_OPERATIONS
from tfse.importing.refusals import refusing

#: Functions of our own by the name that a pickle calls.
Calls = Mapping[str, Callable[..., Any]]

_KEY_BITS = 64
_WITHOUT_EFFECT = frozenset(["PROTO", "FRAME"])
_VALUES = frozenset([
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
    "STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
    "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8",
])  # fmt: skip
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


@dataclasses.dataclass(frozen=True)
class Reference:
    """Name of a class or function in a pickle, which is never imported.

    Attributes:
        name: module and name, with a dot.
    """

    name: str


@dataclasses.dataclass(frozen=True)
class Inert:
    """Object of a class that is not known; what the pickle puts into it is dropped.

    Attributes:
        name: of the class.
    """

    name: str


def is_key(value: Any) -> bool:
    """Returns whether a value may be the key of a dict.

    The hash of tuples in tuples, of long numbers and the comparison of long texts can take
    forever.
    """
    if isinstance(value, str | bytes):
        return len(value) <= MAX_NAME
    if isinstance(value, int):
        return value.bit_length() <= _KEY_BITS
    return value is None or isinstance(value, float)


def load(stream: io.BytesIO, calls: Calls, persistent: Callable[[Any], Any] | None = None) -> Any:
    """Reads one pickle and leaves the stream behind it.

    Args:
        stream: at the start of the pickle.
        calls: functions of our own by the name that the pickle calls.
        persistent: returns the object of a persistent identifier.

    Returns:
        Dicts, lists, tuples, numbers, strings, `Reference`s, `Inert`s, and what `calls` return.

    Raises:
        ModelError: the pickle is damaged or too large, or calls something else.
    """
    machine = _Machine(calls, persistent)
    start = stream.tell()
    with refusing("its pickle is damaged."):
        for number, (operation, argument, _) in enumerate(pickletools.genops(stream)):
            if number > MAX_PICKLE_OPERATIONS or stream.tell() - start > MAX_PICKLE_BYTES:
                raise ModelError("its pickle is larger than any of weights.")
            machine.run(operation.name, argument)
        return machine.stack.pop()


class _Machine:
    """Stack and memo of a pickle."""

    def __init__(self, calls: Calls, persistent: Callable[[Any], Any] | None) -> None:
        self.stack: list[Any] = []
        self._below: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self._calls = calls
        self._persistent = persistent
        # Entries of containers handed to calls, which look at each.
        self._handed = 0

    def run(self, name: str, argument: Any) -> None:
        """Runs one operation."""
        if name in _VALUES:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _TUPLES:
            self.stack.append(self._popped(_TUPLES[name]))
        elif name not in _WITHOUT_EFFECT:
            operation = getattr(self, f"_{name.lower()}", None)
            if operation is None:
                raise ModelError(f"its pickle has the operation {name}, which weights never need.")
            operation(argument)

    def _popped(self, count: int) -> tuple[Any, ...]:
        if len(self.stack) < count:
            raise IndexError
        taken = tuple(self.stack[-count:])
        del self.stack[-count:]
        return taken

    def _since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self._below.pop()
        return items

    def _stop(self, _: Any) -> None:
        if len(self.stack) != 1 or self._below:
            raise IndexError

    # === Containers ===

    def _mark(self, _: Any) -> None:
        self._below.append(self.stack)
        self.stack = []

    def _pop(self, _: Any) -> None:
        self.stack.pop()

    def _pop_mark(self, _: Any) -> None:
        self._since_mark()

    def _dup(self, _: Any) -> None:
        self.stack.append(self.stack[-1])

    def _empty_list(self, _: Any) -> None:
        self.stack.append([])

    def _empty_dict(self, _: Any) -> None:
        self.stack.append({})

    def _empty_set(self, _: Any) -> None:
        # The order and the members of a set matter to no weights.
        self.stack.append([])

    def _tuple(self, _: Any) -> None:
        items = tuple(self._since_mark())
        self.stack.append(items)

    def _list(self, _: Any) -> None:
        items = self._since_mark()
        self.stack.append(items)

    _frozenset = _list

    def _dict(self, _: Any) -> None:
        items = self._since_mark()
        self.stack.append({})
        self._fill(items)

    def _append(self, _: Any) -> None:
        (item,) = self._popped(1)
        self._list_on_top().append(item)

    def _appends(self, _: Any) -> None:
        items = self._since_mark()
        self._list_on_top().extend(items)

    _additems = _appends

    def _setitem(self, _: Any) -> None:
        self._fill(list(self._popped(2)))

    def _setitems(self, _: Any) -> None:
        self._fill(self._since_mark())

    def _fill(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if isinstance(target, Inert):
            return
        if not isinstance(target, dict):
            raise TypeError
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not is_key(key):
                raise TypeError
            target[key] = value

    def _list_on_top(self) -> list[Any]:
        if isinstance(self.stack[-1], Inert):
            return []
        if not isinstance(self.stack[-1], list):
            raise TypeError
        return self.stack[-1]

    # === Memo ===

    def _memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self.stack[-1]

    def _binput(self, index: int) -> None:
        self._memo[index] = self.stack[-1]

    _put = _long_binput = _binput

    def _binget(self, index: int) -> None:
        self.stack.append(self._memo[index])

    _get = _long_binget = _binget

    # === Names and calls ===

    def _global(self, names: str) -> None:
        # `pickletools` joins module and name by a space.
        self.stack.append(Reference(".".join(names.split(" ", 1))))

    def _stack_global(self, _: Any) -> None:
        module, name = self._popped(2)
        self.stack.append(Reference(f"{module:s}.{name:s}"))

    def _reduce(self, _: Any) -> None:
        function, arguments = self._popped(2)
        if not isinstance(function, Reference) or not isinstance(arguments, tuple):
            raise TypeError
        if function.name not in self._calls:
            raise ModelError(
                f"its pickle asks to call {function.name!r}, which weights never need; it was not "
                "called. If you trust the file, load it with PyTorch and save its state dict alone."
            )
        self.stack.append(self._called(function.name, arguments))

    def _called(self, name: str, arguments: tuple[Any, ...]) -> Any:
        self._handed += sum(len(a) for a in arguments if isinstance(a, list | tuple))
        if self._handed > MAX_PICKLE_OPERATIONS:
            raise ModelError("its pickle is larger than any of weights.")
        return self._calls[name](*arguments)

    def _newobj(self, _: Any) -> None:
        """Makes an object of a class that the file names: one of ours, or an inert one."""
        function, arguments = self._popped(2)
        if not isinstance(function, Reference) or not isinstance(arguments, tuple):
            raise TypeError
        known = function.name in self._calls
        made = self._called(function.name, arguments) if known else Inert(function.name)
        self.stack.append(made)

    def _newobj_ex(self, _: Any) -> None:
        function, _, _ = self._popped(3)
        if not isinstance(function, Reference):
            raise TypeError
        self.stack.append(Inert(function.name))

    def _build(self, _: Any) -> None:
        # Attributes of a dict, such as the versions of modules, are no weights.
        target, _ = self._popped(2)
        self.stack.append(target)

    def _binpersid(self, _: Any) -> None:
        if self._persistent is None:
            raise TypeError
        (identifier,) = self._popped(1)
        self.stack.append(self._persistent(identifier))
