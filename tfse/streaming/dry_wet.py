"""Dry/wet mixer: share of the original in the output."""

from __future__ import annotations

from tfse.errors import ConfigError
from tfse.streaming.recording_enhancer import Aligned
from tfse.types import Samples


class DryWet:
    """Mixer of a recording and its time-aligned enhanced version.

    With `mix` w and `max_attenuation_db` a, the share of the enhanced signal is
    g = w (1 - 10^(-a / 20)): a signal that the model removes entirely keeps the
    level 1 - g, which is -a dB at w = 1.

    Args:
        mix: 0 for the recording only, 1 for the enhanced signal only.
        max_attenuation_db: limit of the attenuation; None for no limit.

    Raises:
        ConfigError: a value is out of range.
    """

    def __init__(self, mix: float = 1.0, max_attenuation_db: float | None = None) -> None:
        if not 0 <= mix <= 1:
            raise ConfigError(f"`mix` must be from 0 to 1; received {mix}.")
        if max_attenuation_db is not None and not max_attenuation_db >= 0:
            raise ConfigError(
                f"`max_attenuation_db` must not be negative; received {max_attenuation_db}."
            )
        floor = 0.0 if max_attenuation_db is None else 10 ** (-max_attenuation_db / 20)
        self._share = mix * (1 - floor)

    def __call__(self, block: Aligned) -> Samples:
        """Returns the mixture, `[samples, channels]`."""
        if self._share == 1:
            return block.enhanced
        return block.noisy + self._share * (block.enhanced - block.noisy)
