"""Models from files, and from the weights that ship with the package."""

from __future__ import annotations

import pathlib
import zipfile

import keras

from tfse import pretrained
from tfse.errors import ModelError
from tfse.models.enhancement_model import EnhancementModel

#: Largest size of what an archive holds, as a multiple of its own.
_LARGEST_RATIO = 10


def pretrained_names() -> list[str]:
    """Returns the names of the models that ship with the package."""
    return pretrained.names()


def load(path_or_name: str | pathlib.Path) -> EnhancementModel:
    """Loads a model, in safe mode: no code from the file is run.

    Args:
        path_or_name: a `.keras` file, or a name from `pretrained_names()`.

    Returns:
        The model, ready to run; it carries its sample rate and latency.

    Raises:
        ModelError: no such name or file, or not a model of tfse.

    Example:
        >>> import tfse
        >>> tfse.load("lstm_irm").sample_rate
        16000
    """
    path = _resolve(path_or_name)
    if not zipfile.is_zipfile(path):
        raise ModelError(f"a model file must be a whole .keras archive; {path} is cut or none.")
    _check_unpacked_size(path)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        # Keras raises whatever its readers of zip, JSON and HDF5 raise.
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"a model file must be readable by Keras; {path}: {reason}") from error
    if not isinstance(model, EnhancementModel):
        raise ModelError(
            f"a model file must hold a model of tfse; received a {type(model).__name__} in {path}."
        )
    return model


def _check_unpacked_size(path: pathlib.Path) -> None:
    """Refuses an archive that unpacks to far more than it is, before Keras unpacks it.

    Keras stores without compression. What the file declares inside its parts, as the sizes
    of layers, is not checked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return  # Keras says what is wrong with it.
    size = path.stat().st_size
    if unpacked > _LARGEST_RATIO * size:
        raise ModelError(
            f"a model file must unpack to at most {_LARGEST_RATIO} times its size; {path} has "
            f"{size:,} bytes and unpacks to {unpacked:,}."
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
