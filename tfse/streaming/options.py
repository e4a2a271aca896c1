"""What is asked for a recording, and what became of it."""

from __future__ import annotations

import dataclasses
import pathlib

from tfse.audio.finite_guard import FiniteGuard
from tfse.audio.layout import require_known
from tfse.errors import ConfigError
from tfse.streaming.dry_wet import DryWet

ON_DAMAGE = ("raise", "keep")
#: In place of a path: standard input, or standard output.
PIPE = pathlib.Path("-")


@dataclasses.dataclass(frozen=True)
class EnhanceOptions:
    """How recordings are enhanced and stored.

    Attributes:
        mix: 0 for the recording as it came, 1 for the enhanced one alone.
        max_attenuation_db: nothing is taken down by more; None for no limit.
        on_invalid: "raise" at samples that are NaN or infinite, or "zero".
        on_damage: "raise" where a file cannot be decoded any further, or "keep"
            what comes before.
        link_channels: enhances all channels by one gain, so that the stereo image
            stays, and not each by itself.
        format: container, as "FLAC"; None for that of the target's ending
            where it differs from the source's, and the source's else.
        subtype: number format, as "PCM_24"; None for the source's.

    Raises:
        ConfigError: a value is out of range, or libsndfile does not know it.
    """

    mix: float = 1.0
    max_attenuation_db: float | None = None
    on_invalid: str = "raise"
    on_damage: str = "raise"
    link_channels: bool = False
    format: str | None = None
    subtype: str | None = None

    def __post_init__(self) -> None:
        """Checks everything that can be checked without a recording."""
        DryWet(self.mix, self.max_attenuation_db)
        FiniteGuard(self.on_invalid)
        if self.on_damage not in ON_DAMAGE:
            raise ConfigError(
                f"`on_damage` must be one of {ON_DAMAGE}; received {self.on_damage!r}."
            )
        require_known(self.format, self.subtype)


@dataclasses.dataclass(frozen=True)
class Summary:
    """What became of a recording.

    Attributes:
        audio_s: its length, in seconds.
        time_s: what it took.
        notes: what was wrong with it but could be worked around.
    """

    audio_s: float
    time_s: float
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Targets:
    """Where the results of one recording go.

    Attributes:
        enhanced: the enhanced recording.
        noise: what was taken away; None to leave it.
        picture: a PNG of before and after; None for none.
    """

    enhanced: pathlib.Path
    noise: pathlib.Path | None = None
    picture: pathlib.Path | None = None

    def all(self) -> list[pathlib.Path]:
        """Returns every file that is to appear."""
        paths = (self.enhanced, self.noise, self.picture)
        return [path for path in paths if path is not None]
