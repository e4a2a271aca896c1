"""Settings of `tfse-prepare`."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from tfse.data.constants import ENCODINGS
from tfse.data.preparation.corpus_layouts import FOLDER
from tfse.data.preparation.recording_sources import ROOM_PATTERN
from tfse.errors import ConfigError

LOCAL = "local"
RUNNERS = (LOCAL, "DirectRunner", "FlinkRunner", "DataflowRunner", "SparkRunner")
BYTES_PER_SAMPLE = 2
MEGABYTE = 1e6


@dataclasses.dataclass(frozen=True)
class PrepareConfig:
    """Recordings to prepare, and settings.

    Attributes:
        clean_dirs: folders of clean speech.
        noise_dirs: folders of noise.
        output_dir: folder of shards and index.
        rir_dirs: folders of room impulse responses.
        sample_rate: samples per second of the records.
        encoding: "pcm16", or "flac" for half the disk space and slower reading.
        valid_fraction: share of validation in the groups that do not match `train_groups`.
        test_fraction: share of test in them.
        seed: seed of the assignment of groups to splits and of recordings to shards.
        shard_mb: approximate 16-bit audio per shard, 10^6 bytes.
        min_s: shorter speech and noise is skipped, seconds.
        train_groups: shell patterns; groups that match go to training.
        splits_from: an `index.json` or a CSV with the columns set, group and split;
            the groups in it keep their splits, and the fractions are shares of the
            new groups. "" for none.
        speaker_pattern: regular expression whose first group is the speaker, in the path
            of a file; or the name of a corpus, see `corpus_layouts.speaker_rule`.
        room_pattern: regular expression whose first group is the room, in the path of a
            room impulse response; where it does not match, the room is from the file name.
        noise_pattern: the same for noise recordings; "" for the file name alone.
        jobs: processes that read and resample here; not part of the plan.
        runner: "local", or the engine that writes the shards through Apache Beam; not
            part of the plan.
        runner_options: options of Beam and its runner, as on a command line.
    """

    clean_dirs: Sequence[str]
    noise_dirs: Sequence[str]
    output_dir: str
    rir_dirs: Sequence[str] = ()
    sample_rate: int = 16000
    encoding: str = "pcm16"
    valid_fraction: float = 0.1
    test_fraction: float = 0.1
    seed: int = 0
    shard_mb: float = 32.0
    min_s: float = 0.5
    train_groups: Sequence[str] = ()
    splits_from: str = ""
    speaker_pattern: str = FOLDER
    room_pattern: str = ROOM_PATTERN
    noise_pattern: str = ""
    jobs: int = 1
    runner: str = LOCAL
    runner_options: Sequence[str] = ()

    def validate(self) -> None:
        """Checks the settings that need no file.

        Raises:
            ConfigError: a setting breaks its rule.
        """
        if self.encoding not in ENCODINGS:
            raise ConfigError(f"`encoding` must be one of {ENCODINGS}; received {self.encoding!r}.")
        if self.runner not in RUNNERS:
            raise ConfigError(f"`runner` must be one of {RUNNERS}; received {self.runner!r}.")
        if self.runner_options and self.runner == LOCAL:
            raise ConfigError(
                f"`runner_options` need a `runner`; received {' '.join(self.runner_options)} for "
                f"{LOCAL!r}."
            )
        for name in ("sample_rate", "shard_mb", "jobs"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"`{name}` must be above 0; received {getattr(self, name)}.")
        for name in ("valid_fraction", "test_fraction", "min_s"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ConfigError(f"`{name}` must not be negative; received {getattr(self, name)}.")
        if self.valid_fraction + self.test_fraction >= 1:
            raise ConfigError(
                "`valid_fraction` and `test_fraction` must leave something to training; "
                f"received {self.valid_fraction} and {self.test_fraction}."
            )

    @property
    def fractions(self) -> dict[str, float]:
        """Shares of validation and test."""
        return {"valid": self.valid_fraction, "test": self.test_fraction}

    @property
    def shard_s(self) -> float:
        """Audio per shard, seconds."""
        return self.shard_mb * MEGABYTE / (BYTES_PER_SAMPLE * self.sample_rate)

    def settings(self) -> dict[str, Any]:
        """Returns the settings that the contents of the shards depend on.

        Patterns of rooms and noise are not among them: they act through the groups of the
        recordings. Known splits are not either.
        """
        places = {"clean_dirs", "noise_dirs", "rir_dirs", "output_dir", "splits_from"}
        others = {"jobs", "runner", "runner_options", "room_pattern", "noise_pattern"}
        settings = {k: v for k, v in dataclasses.asdict(self).items() if k not in places | others}
        return {**settings, "train_groups": list(self.train_groups)}
