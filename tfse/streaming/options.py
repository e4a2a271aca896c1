"""Options, targets and summary of the enhancement of a recording."""

from __future__ import annotations

import dataclasses
import pathlib

from tfse.audio.finite_guard import FiniteGuard
from tfse.audio.layout import require_known_format
from tfse.errors import ConfigError
from tfse.streaming.dry_wet import DryWet
from tfse.streaming.recording_enhancer import require_band

ON_DAMAGE = ("raise", "keep")
#: In place of a path: standard input, or standard output.
PIPE = pathlib.Path("-")


@dataclasses.dataclass(frozen=True)
class EnhanceOptions:
    """Options for enhancing and storing recordings.

    Attributes:
        mix: 0 for the recording only, 1 for the enhanced signal only.
        max_attenuation_db: limit of the attenuation; None for no limit.
        on_invalid: "raise" an error for samples that are NaN or infinite, or "zero" them.
        on_damage: "raise" an error where decoding fails, or "keep" the samples before it.
        link_channels: applies one gain to all channels, which keeps the stereo image.
        format: container, such as "FLAC"; None for that of the target's suffix
            if it differs from the source's, else the source's.
        subtype: number format, such as "PCM_24"; None for the source's.
        band: "full" keeps the band above that of the model, "model" removes it.

    Raises:
        ConfigError: a value is out of range, or unknown to libsndfile.
    """

    mix: float = 1.0
    max_attenuation_db: float | None = None
    on_invalid: str = "raise"
    on_damage: str = "raise"
    link_channels: bool = False
    format: str | None = None
    subtype: str | None = None
    band: str = "full"

    def __post_init__(self) -> None:
        """Checks all options that need no recording."""
        DryWet(self.mix, self.max_attenuation_db)
        FiniteGuard(self.on_invalid)
        require_band(self.band)
        if self.on_damage not in ON_DAMAGE:
            raise ConfigError(
                f"`on_damage` must be one of {ON_DAMAGE}; received {self.on_damage!r}."
            )
        require_known_format(self.format, self.subtype)


@dataclasses.dataclass(frozen=True)
class Summary:
    """Result of the enhancement of a recording.

    Attributes:
        audio_s: length of the recording, in seconds.
        time_s: processing time, in seconds.
        notes: one line for each fault that was worked around, or loss.
    """

    audio_s: float
    time_s: float
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Targets:
    """Output files of one recording.

    Attributes:
        enhanced: the enhanced recording.
        noise: the removed noise; None for none.
        picture: a PNG of before and after; None for none.
    """

    enhanced: pathlib.Path
    noise: pathlib.Path | None = None
    picture: pathlib.Path | None = None

    def all(self) -> list[pathlib.Path]:
        """Returns all output files."""
        paths = (self.enhanced, self.noise, self.picture)
        return [path for path in paths if path is not None]
