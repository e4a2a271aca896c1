"""Loading of models, from files and from the shipped weights."""

from __future__ import annotations

import pathlib
import zipfile

import keras

from tfse import pretrained
from tfse.errors import ModelError
from tfse.files import sha256_of
from tfse.models.enhancement_model import EnhancementModel

# Largest unpacked size of an archive, as a multiple of its own size.
_MAX_UNPACK_RATIO = 10


def pretrained_names() -> list[str]:
    """Returns the names of the models that ship with the package."""
    return pretrained.names()


def load(path_or_name: str | pathlib.Path) -> EnhancementModel:
    """Loads a model in safe mode: no code from the file runs.

    Args:
        path_or_name: a `.keras` file, or a name from `pretrained_names()`.

    Returns:
        The model, with its sample rate and latency.

    Raises:
        ModelError: the name or file does not exist, or is not a tfse model.

    Example:
        >>> import tfse
        >>> tfse.load("lstm_irm").sample_rate
        16000
    """
    path = _resolve(path_or_name)
    if not zipfile.is_zipfile(path):
        raise ModelError(f"{path} is not a complete .keras archive; copy or save it again.")
    _check_unpacked_size(path)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        # Keras raises any error of its zip, JSON and HDF5 readers.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"{path} cannot be read by Keras: {reason}") from error
    if not isinstance(model, EnhancementModel):
        raise ModelError(f"{path} holds a {type(model).__name__}, not a tfse model.")
    return model


def file_sha256(path_or_name: str | pathlib.Path) -> str:
    """Returns the SHA-256 of a model's file.

    Raises:
        ModelError: the name or file does not exist.
    """
    return sha256_of(_resolve(path_or_name))


def _check_unpacked_size(path: pathlib.Path) -> None:
    """Rejects an archive that unpacks to far more than its size, before Keras unpacks it.

    Keras stores without compression. Sizes declared inside the parts of the file, such as
    those of layers, are not checked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return  # Keras reports the error.
    size = path.stat().st_size
    if unpacked > _MAX_UNPACK_RATIO * size:
        raise ModelError(
            f"{path} has {size:,} bytes and unpacks to {unpacked:,}, more than "
            f"{_MAX_UNPACK_RATIO} times its size; a .keras file is not compressed."
        )


def _resolve(path_or_name: str | pathlib.Path) -> pathlib.Path:
    path = pathlib.Path(path_or_name)
    if path.suffix == ".keras" and path.is_file():
        return path
    if shipped := pretrained.file_of(path_or_name):
        return shipped
    raise ModelError(
        f"a model must be a .keras file or one of {pretrained_names()}; "
        f"received {str(path_or_name)!r}."
    )
