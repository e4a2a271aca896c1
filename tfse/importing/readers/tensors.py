"""Tensors and storages of PyTorch's pickles, as NumPy arrays."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from tfse.errors import ModelError
from tfse.importing.readers.limits import MAX_AXES, MAX_NAME
from tfse.importing.readers.pickle_machine import Calls, Inert, Reference, is_key

Array = npt.NDArray[Any]

_BFLOAT16 = "torch.BFloat16Storage"
_DTYPES = {
    "torch.FloatStorage": "<f4",
    "torch.DoubleStorage": "<f8",
    "torch.HalfStorage": "<f2",
    # The upper half of a float32.
    _BFLOAT16: "<u2",
    "torch.LongStorage": "<i8",
    "torch.IntStorage": "<i4",
    "torch.ShortStorage": "<i2",
    "torch.CharStorage": "<i1",
    "torch.ByteStorage": "<u1",
    "torch.BoolStorage": "?",
    "torch.ComplexFloatStorage": "<c8",
}


@dataclasses.dataclass
class Storage:
    """Numbers that tensors share.

    Attributes:
        kind: name of the storage's class.
        key: in the file.
        count: of numbers, as declared.
        values: the numbers, once read.
    """

    kind: str
    key: str
    count: int
    values: Array | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the stored numbers."""
        return np.dtype(_DTYPES[self.kind])

    @property
    def size(self) -> int:
        """Declared number of bytes."""
        return self.count * self.dtype.itemsize

    def fill(self, content: bytes) -> None:
        """Sets the numbers.

        Raises:
            ModelError: there are more or fewer bytes than declared.
        """
        if len(content) != self.size:
            raise ModelError(
                f"its storage {self.key!r} must have {self.size} bytes; received {len(content)}."
            )
        values = np.frombuffer(content, self.dtype)
        if self.kind == _BFLOAT16:
            values = (values.astype("<u4") << 16).view("<f4")
        self.values = values


def storage_of(identifier: Any) -> Storage:
    """Returns the storage, without its numbers, of a persistent identifier.

    Raises:
        ModelError: it is something else, or of a type that weights do not have.
    """
    word, kind, key, _, count, *view = identifier
    if word != "storage" or not isinstance(kind, Reference) or any(view):
        raise ModelError(
            "it holds whole modules or views of storages; load it with PyTorch and save its "
            "state dict alone."
        )
    if not isinstance(key, str) or len(key) > MAX_NAME:
        raise TypeError
    if kind.name not in _DTYPES:
        raise ModelError(f"its tensors must be of {sorted(_DTYPES)}; received {kind.name!r}.")
    return Storage(kind.name, key, _natural(count))


@dataclasses.dataclass(frozen=True)
class Tensor:
    """Strided view of a storage.

    Attributes:
        storage: the numbers.
        offset: of the first number.
        shape: per axis.
        strides: numbers from one entry to the next, per axis.
    """

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> Array:
        """Returns the tensor as a read-only array.

        Raises:
            ModelError: it reaches out of its storage.
        """
        values = self.storage.values
        if values is None:
            raise ModelError(f"its storage {self.storage.key!r} is missing.")
        self._check(len(values))
        if not math.prod(self.shape):
            return np.zeros(self.shape, values.dtype)
        return np.lib.stride_tricks.as_strided(
            values[self.offset :],
            self.shape,
            [stride * values.itemsize for stride in self.strides],
            writeable=False,
        )

    def _check(self, count: int) -> None:
        reach = sum((n - 1) * s for n, s in zip(self.shape, self.strides, strict=True))
        size = math.prod(self.shape)
        # More entries than numbers could be of any size.
        if size > count or (size and self.offset + reach >= count):
            raise ModelError(
                f"a tensor of the shape {self.shape} reaches out of its storage of {count} numbers."
            )


def _tensor(storage: Storage, offset: int, shape: Any, strides: Any, *_: Any) -> Tensor:
    if not isinstance(storage, Storage) or max(len(shape), len(strides)) > MAX_AXES:
        raise TypeError
    return Tensor(
        storage, _natural(offset), tuple(map(_natural, shape)), tuple(map(_natural, strides))
    )


def _parameter(tensor: Any, *_: Any) -> Any:
    return tensor


def _mapping(items: Any = (), *_: Any) -> dict[Any, Any]:
    # A pickle fills it afterwards, or has its pairs here.
    pairs = items if isinstance(items, list) else []
    if not all(is_key(key) for key, _ in pairs):
        raise TypeError
    return dict(pairs)


def _natural(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise ValueError
    return value


# Beside the weights: arguments of a program, paths, times, types and states of generators.
_BESIDE = (
    "numpy.dtype", "numpy.ndarray", "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar", "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct", "_codecs.encode", "torch.device",
    *(f"{module}.{name}" for module in ("builtins", "__builtin__")
      for name in ("set", "frozenset", "complex", "slice", "range", "xrange", "bytearray")),
    "copy_reg._reconstructor", "copyreg._reconstructor", "_operator.getitem",
    "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePosixPath",
    "pathlib._local.PosixPath", "pathlib._local.WindowsPath", "argparse.Namespace",
    "datetime.datetime", "datetime.timedelta",
)  # fmt: skip

#: What pickles of tensors and of plain training states call.
CALLS: Calls = {
    **dict.fromkeys(_BESIDE, lambda *_: Inert("beside")),
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch.Size": lambda *items: items[0] if items else (),
    "collections.OrderedDict": _mapping,
    "collections.defaultdict": _mapping,
    "collections.Counter": _mapping,
}
