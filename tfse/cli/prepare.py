"""Program `tfse-prepare`: converts recordings into TFRecord shards."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from tfse import native_logs
from tfse.cli import program
from tfse.errors import ConfigError

if TYPE_CHECKING:
    from tfse.data.preparation.prepare import Prepared

DESCRIPTION = """Prepares speech, noise and room impulse responses for training.

  tfse-prepare --clean_dir=speech --noise_dir=noise --rir_dir=rir --output_dir=prepared

All files of a speaker, noise recording or room form a group, and each group belongs
to one split only: train, valid or test. An interrupted run resumes when started
again. The split is written to splits.csv; --splits_from=FILE keeps the split of
earlier data and assigns new groups only.

On a cluster: tfse-prepare --runner=FlinkRunner ... -- --flink_master=HOST:8081
(pip install 'tfse[beam]'; options after -- are for Apache Beam and the runner).
"""

GROUPS = {
    "Recordings": ["clean_dir", "noise_dir", "rir_dir", "min_seconds", "sample_rate"],
    "Split": [
        "valid_fraction", "test_fraction", "splits_from", "train_groups", "seed",
        "speaker_pattern", "noise_pattern", "room_pattern",
    ],
    "Records": ["output_dir", "encoding", "shard_mb", "jobs", "runner"],
}  # fmt: skip

_CLEAN_DIR = flags.DEFINE_list(
    "clean_dir", None, "Folders of clean speech, separated by commas.", required=True
)
_NOISE_DIR = flags.DEFINE_list(
    "noise_dir", None, "Folders of noise, separated by commas.", required=True
)
_RIR_DIR = flags.DEFINE_list("rir_dir", [], "Folders of room impulse responses.")
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Folder of the shards and the index.", required=True
)
_SAMPLE_RATE = flags.DEFINE_integer("sample_rate", 16000, "Sample rate of the records, in Hz.")
_ENCODING = flags.DEFINE_enum(
    "encoding", "pcm16", ["pcm16", "flac"], "flac needs half the disk space and is slower to read."
)
_VALID_FRACTION = flags.DEFINE_float("valid_fraction", 0.1, "Share of the groups for validation.")
_TEST_FRACTION = flags.DEFINE_float("test_fraction", 0.1, "Share of the groups for test.")
_SEED = flags.DEFINE_integer("seed", 0, "Assigns groups to splits and recordings to shards.")
_SHARD_MB = flags.DEFINE_float(
    "shard_mb", 32.0, "Approximate size of a shard, in MB of 16-bit audio."
)
_MIN_SECONDS = flags.DEFINE_float("min_seconds", 0.5, "Shorter speech and noise is left out.")
_TRAIN_GROUPS = flags.DEFINE_list(
    "train_groups", [], "Shell patterns; matching groups go to training."
)
_SPLITS_FROM = flags.DEFINE_string(
    "splits_from",
    "",
    "splits.csv or index.json of earlier data, or a CSV with the columns set,group,split: its "
    "groups keep their splits, and the fractions apply to the new groups.",
)
_SPEAKER_PATTERN = flags.DEFINE_string(
    "speaker_pattern",
    r"([^/]+)/[^/]+$",
    "Regular expression searched in the path of clean speech, which begins with the name of the "
    "given folder; its first group is the speaker. The default is the folder that directly "
    "contains the file. For corpora that name speakers elsewhere: librispeech, vctk, dns (read "
    "speech of the DNS Challenge) or common_voice (its .tsv files must be in the folder).",
)
_ROOM_PATTERN = flags.DEFINE_string(
    "room_pattern",
    r"(?:^|/)([^/]*_room(?:_[^/]*)?|r3vival_[^/]*)/[^/]+$",
    "The same for the rooms of impulse responses. Without a match the room is the name of the file "
    "without channel and position.",
)
_NOISE_PATTERN = flags.DEFINE_string(
    "noise_pattern",
    "",
    "The same for noise recordings. Without it the recording is the name of the file without the "
    "number of its take (rain1, rain2).",
)
_JOBS = flags.DEFINE_integer("jobs", 0, "Number of processes; 0 for all cores.")
_RUNNER = flags.DEFINE_enum(
    "runner",
    "local",
    ["local", "DirectRunner", "FlinkRunner", "DataflowRunner", "SparkRunner"],
    "Writer of the shards: processes on this machine, or an Apache Beam runner, whose workers "
    "must have all folders at the same paths.",
)


def main(arguments: Sequence[str]) -> int:
    """Prepares the data and prints the split."""
    options = _runner_options(arguments[1:])
    # Imported here: TensorFlow takes seconds, and --help does not need it.
    from tfse.data.preparation.prepare import prepare
    from tfse.data.preparation.prepare_config import PrepareConfig

    config = PrepareConfig(
        clean_dirs=_CLEAN_DIR.value,
        noise_dirs=_NOISE_DIR.value,
        output_dir=_OUTPUT_DIR.value,
        rir_dirs=_RIR_DIR.value,
        sample_rate=_SAMPLE_RATE.value,
        encoding=_ENCODING.value,
        valid_fraction=_VALID_FRACTION.value,
        test_fraction=_TEST_FRACTION.value,
        seed=_SEED.value,
        shard_mb=_SHARD_MB.value,
        min_s=_MIN_SECONDS.value,
        train_groups=_TRAIN_GROUPS.value,
        splits_from=_SPLITS_FROM.value,
        speaker_pattern=_SPEAKER_PATTERN.value,
        room_pattern=_ROOM_PATTERN.value,
        noise_pattern=_NOISE_PATTERN.value,
        jobs=_jobs(),
        runner=_RUNNER.value,
        runner_options=options,
    )
    # The MP3 decoder logs damage on standard error; `skipped.csv` has the reason.
    with native_logs.hidden():
        prepared = prepare(config, _warn)
    _show(prepared, config.output_dir)
    return program.DONE


def entry_point() -> None:
    """Runs the program."""
    program.run(main, DESCRIPTION, GROUPS)


def _runner_options(rest: Sequence[str]) -> Sequence[str]:
    """Returns the options after -- for a Beam runner."""
    if rest and (_RUNNER.value == "local" or not rest[0].startswith("--")):
        raise ConfigError(f"Only flags are taken; received {rest[0]!r}.")
    return rest


def _jobs() -> int:
    from tfse.data.preparation.worker_processes import available_cores

    if _JOBS.value < 0:
        raise ConfigError(f"`jobs` must not be negative; received {_JOBS.value}.")
    return _JOBS.value or available_cores()


def _warn(line: str) -> None:
    print(f"warning: {line}", file=sys.stderr)


def _show(prepared: Prepared, folder: str) -> None:
    from tfse.data.records.summary import split_table

    print(split_table(prepared.index))
    if prepared.skipped:
        print(f"{len(prepared.skipped)} recordings were left out: see {folder}/skipped.csv.")
    print(f"{folder} {'was complete already.' if prepared.was_there else 'is complete.'}")


if __name__ == "__main__":
    entry_point()
