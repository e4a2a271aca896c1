"""Writer of PyTorch's file format, for tests without PyTorch."""

import io
import struct
import zipfile

import numpy as np

_STORAGES = {"float32": "FloatStorage", "int64": "LongStorage"}


def torch_zip(saved, folder="archive"):
    """Returns the bytes of what `torch.save` writes for dicts of arrays, numbers and strings."""
    storages = []
    pickled = b"\x80\x02" + _pickled(saved, storages) + b"."
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{folder}/data.pkl", pickled)
        archive.writestr(f"{folder}/byteorder", "little")
        for key, storage in enumerate(storages):
            archive.writestr(f"{folder}/data/{key}", storage)
        archive.writestr(f"{folder}/version", "3\n")
    return file.getvalue()


def call(module, name, *arguments):
    """Returns the pickle of a call, to stand anywhere in `saved`."""
    return _Raw(f"c{module}\n{name}\n".encode() + _pickled(tuple(arguments), []) + b"R")


class _Raw(bytes):
    """Operations of a pickle."""


def _pickled(value, storages):
    if isinstance(value, _Raw):
        return bytes(value)
    if isinstance(value, dict):
        items = (_pickled(x, storages) for pair in value.items() for x in pair)
        return b"}(" + b"".join(items) + b"u"
    if isinstance(value, tuple):
        return b"(" + b"".join(_pickled(x, storages) for x in value) + b"t"
    if isinstance(value, str):
        return b"X" + struct.pack("<I", len(value.encode())) + value.encode()
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    if isinstance(value, int):
        return b"\x8a\x08" + struct.pack("<q", value)
    return _tensor(np.ascontiguousarray(value), storages)


def _tensor(array, storages):
    kind = _Raw(f"ctorch\n{_STORAGES[str(array.dtype)]}\n".encode())
    identifier = ("storage", kind, str(len(storages)), "cpu", array.size)
    storages.append(array.tobytes())
    strides = tuple(stride // array.itemsize for stride in array.strides)
    arguments = (
        _Raw(_pickled(identifier, []) + b"Q"),
        0,
        tuple(array.shape),
        strides,
        False,
        call("collections", "OrderedDict"),
    )
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + _pickled(arguments, []) + b"R"
