"""Files of `torch.save`, read without PyTorch and without running what they name.

Both formats are pickles with the numbers apart: since PyTorch 1.6 a ZIP of `data.pkl` and one
member per storage, before that a row of pickles and the storages behind them.
"""

from __future__ import annotations

import io
import struct
import sys
from typing import Any

from tfse.errors import ModelError
from tfse.importing.readers import pickle_machine
from tfse.importing.readers.archive import ZipMembers
from tfse.importing.readers.state_dict import state_dict_arrays
from tfse.importing.readers.tensors import CALLS, Array, Storage, storage_of
from tfse.importing.refusals import refusing

_PICKLE = "data.pkl"
# The pickle of the number that starts every file of the old format.
LEGACY_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_LEGACY_PROTOCOL = 1001


def is_torch_zip(members: ZipMembers) -> bool:
    """Returns whether the members of a ZIP are those of `torch.save`."""
    return bool(_root(members))


def read_zip(members: ZipMembers) -> dict[str, Array]:
    """Returns the arrays of the state dict, from the format since PyTorch 1.6.

    Args:
        members: of the ZIP.

    Raises:
        ModelError: the file is damaged, wants to call something, or has no tensors.
    """
    root = _root(members)[0].removesuffix(_PICKLE)
    if members.names.count(f"{root}byteorder") and members.read(f"{root}byteorder") != b"little":
        raise ModelError("its numbers are not little-endian; save it on another machine.")
    storages: dict[tuple[str, str], Storage] = {}

    def persistent(identifier: Any) -> Storage:
        storage = storage_of(identifier)
        key = (storage.kind, storage.key)
        if key not in storages:
            storage.fill(members.read(f"{root}data/{storage.key}"))
            storages[key] = storage
        return storages[key]

    stream = io.BytesIO(members.read(f"{root}{_PICKLE}"))
    with refusing("its tensors are damaged."):
        return state_dict_arrays(pickle_machine.load(stream, CALLS, persistent))


def _root(members: ZipMembers) -> list[str]:
    """Returns the name of the pickle, if there is one: `data.pkl` in the only folder."""
    named = [name for name in members.names if name.split("/")[-1] == _PICKLE]
    return named if len(named) == 1 and named[0].count("/") <= 1 else []


def read_legacy(content: bytes) -> dict[str, Array]:
    """Returns the arrays of the state dict, from the format before PyTorch 1.6.

    Args:
        content: of the file.

    Raises:
        ModelError: the file is damaged, wants to call something, or has no tensors.
    """
    with refusing("its tensors are damaged."):
        return _read_legacy(io.BytesIO(content))


def _read_legacy(stream: io.BytesIO) -> dict[str, Array]:
    _ = pickle_machine.load(stream, {})
    protocol = pickle_machine.load(stream, {})
    system = pickle_machine.load(stream, {})
    if protocol != _LEGACY_PROTOCOL or not system.get("little_endian", sys.byteorder == "little"):
        raise ModelError("it is of a PyTorch too old; load it with PyTorch and save it anew.")
    storages: dict[str, Storage] = {}

    def persistent(identifier: Any) -> Storage:
        storage = storage_of(identifier)
        return storages.setdefault(storage.key, storage)

    saved = pickle_machine.load(stream, CALLS, persistent)
    for key in pickle_machine.load(stream, {}):
        # The hash of tuples in tuples can take forever.
        if not isinstance(key, str):
            raise TypeError
        if key not in storages:
            raise ModelError(f"its storage {key!r} belongs to no tensor.")
        _fill(storages[key], stream)
    return state_dict_arrays(saved)


def _fill(storage: Storage, stream: io.BytesIO) -> None:
    """Reads a storage: the count of its numbers in 8 bytes, and the numbers."""
    head = stream.read(8)
    if len(head) < 8 or struct.unpack("<q", head)[0] != storage.count:
        raise ModelError(f"its storage {storage.key!r} is damaged.")
    storage.fill(stream.read(storage.size))
