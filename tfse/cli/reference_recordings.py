"""Reference recordings: a noisy one, and what the original of a model made of it."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfse.errors import AudioError
from tfse.terminal import one_line

if TYPE_CHECKING:
    from tfse.types import Samples

# RMS level; a 16-bit file of this level is 20 dB above its own steps.
_SILENCE_DBFS = -80.0


@dataclasses.dataclass(frozen=True)
class References:
    """Noisy recording and its enhanced one.

    Attributes:
        paths: of the two.
        noisy: `[samples]`.
        enhanced: `[samples]`.
        rate: of both, in Hz.
    """

    paths: tuple[str, str]
    noisy: Samples
    enhanced: Samples
    rate: int

    @property
    def name(self) -> str:
        """Name of the enhanced recording."""
        return one_line(pathlib.Path(self.paths[1]).name)

    def require_rate(self, sample_rate: int) -> None:
        """Checks the rate of the recordings.

        Raises:
            AudioError: it is not that of the model.
        """
        from tfse.audio.read_mono import require_rate

        require_rate(self.paths[0], self.rate, sample_rate)


def read(paths: Sequence[str]) -> References:
    """Reads two recordings and checks that something can be compared.

    Args:
        paths: of the noisy and the enhanced recording.

    Raises:
        AudioError: one cannot be read, has several channels, is silent or not finite, or
            their rates or lengths differ.
    """
    from tfse.audio.read_mono import read_any_rate, require_rate
    from tfse.importing.parity import require_same_length

    (noisy, rate), (enhanced, other) = (read_any_rate(path) for path in paths)
    require_rate(paths[1], other, rate)
    for path, samples in zip(paths, (noisy, enhanced), strict=True):
        _require_sound(path, samples)
    require_same_length(noisy, enhanced, rate)
    return References((paths[0], paths[1]), noisy, enhanced, rate)


def _require_sound(path: str, samples: Samples) -> None:
    import numpy as np

    if not np.isfinite(samples).all():
        raise AudioError(f"{path} must hold finite samples; it has NaN or infinity.")
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    if power < 10 ** (_SILENCE_DBFS / 10):
        raise AudioError(f"{path} is silent: parity would mean nothing.")
