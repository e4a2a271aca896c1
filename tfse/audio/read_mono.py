"""Reading of whole mono recordings at a given rate."""

from __future__ import annotations

import os
import pathlib

import soundfile

from tfse.errors import AudioError
from tfse.types import Samples


def read_mono(path: str | os.PathLike[str], sample_rate: int) -> Samples:
    """Returns the samples of a recording, `[samples]`.

    Raises:
        AudioError: it cannot be read, has another rate or several channels.
    """
    samples, rate = read_any_rate(path)
    require_rate(path, rate, sample_rate)
    return samples


def read_any_rate(path: str | os.PathLike[str]) -> tuple[Samples, int]:
    """Returns the samples of a recording, `[samples]`, and its rate in Hz.

    Raises:
        AudioError: it cannot be read or has several channels.
    """
    # The library's own message for it is "System error".
    if not pathlib.Path(path).is_file():
        raise AudioError(f"{path} cannot be read: there is no such file.")
    try:
        samples, rate = soundfile.read(path, dtype="float32")
    except (OSError, soundfile.LibsndfileError) as error:
        raise AudioError(f"{path} cannot be read: {error}") from error
    if samples.ndim != 1:
        raise AudioError(f"{path} must be mono; it has {samples.shape[1]} channels.")
    return samples, int(rate)


def require_rate(path: str | os.PathLike[str], rate: int, wanted: int) -> None:
    """Checks the rate of a recording.

    Raises:
        AudioError: it is another one.
    """
    if rate != wanted:
        raise AudioError(f"{path} must be mono at {wanted} Hz; it has {rate} Hz.")
