"""Sound devices through sounddevice and PortAudio."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np

from tfse.errors import TfseError
from tfse.types import Samples


class DeviceError(TfseError):
    """Error in a sound device: missing, or without the requested settings."""


class SoundDevice:
    """Microphone and loudspeaker opened together; a context manager.

    Args:
        sample_rate: of both and of the model, in Hz.
        block_samples: samples per block.
        microphone: name, part of a name, or number; None for the default.
        loudspeaker: as `microphone`.

    Raises:
        DeviceError: the device does not exist, or does not support the rate.
    """

    def __init__(
        self,
        sample_rate: int,
        block_samples: int,
        microphone: str | None = None,
        loudspeaker: str | None = None,
    ) -> None:
        sounddevice = _sounddevice()
        try:
            self._stream = sounddevice.Stream(
                samplerate=sample_rate,
                blocksize=block_samples,
                device=(_named(microphone), _named(loudspeaker)),
                channels=1,
                dtype="float32",
                latency="low",
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise DeviceError(
                f"the sound devices cannot be opened at {sample_rate} Hz: {reason}. "
                "See --list_devices."
            ) from error

    def read(self, samples: int) -> tuple[Samples, bool]:
        """Waits for the next samples of the microphone."""
        block, lost = self._stream.read(samples)
        return np.array(block[:, 0]), bool(lost)

    def write(self, samples: Samples) -> bool:
        """Plays samples on the loudspeaker."""
        return bool(self._stream.write(np.ascontiguousarray(samples[:, np.newaxis])))

    def __enter__(self) -> SoundDevice:
        self._stream.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.abort()
        self._stream.close()


def device_table() -> str:
    """Returns a table of the devices, one per line, with their numbers.

    Raises:
        DeviceError: there is no device.
    """
    devices = _sounddevice().query_devices()
    if not len(devices):
        raise DeviceError("there is no sound device on this machine.")
    return str(devices)


def _sounddevice() -> Any:
    try:
        import sounddevice
    except ImportError as error:
        raise DeviceError("live enhancement needs sounddevice: pip install tfse[live]") from error
    except OSError as error:
        # The Python package is installed, its native library is not.
        raise DeviceError(f"live enhancement needs the PortAudio library: {error}.") from error
    return sounddevice


def _named(device: str | None) -> str | int | None:
    return int(device) if device is not None and device.isdigit() else device
