"""Program `tfse-enhance`: enhances recordings."""

from __future__ import annotations

import os
import pathlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from tfse import native_logs
from tfse.cli import model_flag, program
from tfse.errors import ConfigError
from tfse.terminal import progress_bar

if TYPE_CHECKING:
    from tfse.audio.layout import Layout
    from tfse.streaming.batch.outcome import Order, Outcome
    from tfse.streaming.batch.plan import Places, Task
    from tfse.streaming.options import EnhanceOptions
    from tfse.streaming.steps.base import Step

DESCRIPTION = """Removes noise from speech.

  tfse-enhance noisy.wav                             writes noisy_enhanced.wav
  tfse-enhance takes --output_dir=clean              a folder; keeps its structure
  tfse-enhance 'takes/*.flac' --in_place --jobs=0    on all cores
  cat noisy.wav | tfse-enhance - > enhanced.wav
  arecord -r 16000 -f S16_LE -t raw | tfse-enhance - --raw_rate=16000 | aplay -r 16000 -f S16_LE

A result has the length, sample rate, channels, alignment and format of its
recording. Exit code: 0 all done, 1 some failed or were kept, 2 bad usage,
130 after Ctrl-C, 143 after SIGTERM.
"""

GROUPS = {
    "Model": ["model", "engine", "list_models", "trust_saved_model"],
    "Enhancement": ["band", "mix", "max_attenuation_db", "link_channels"],
    "Results": ["output", "output_dir", "in_place", "noise_output", "picture", "format", "subtype"],
    "Several recordings": ["jobs", "overwrite", "skip_existing", "report"],
    "Faults": ["on_invalid", "on_damage"],
    "Raw samples": ["raw_rate", "raw_channels", "raw_format"],
}

_OUTPUT = flags.DEFINE_string(
    "output", None, "Output file, for one recording; - is standard output."
)
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Output folder; without it NAME_enhanced.wav or FOLDER_enhanced."
)
_LIST_MODELS = flags.DEFINE_bool("list_models", False, "Print the shipped models.")
_IN_PLACE = flags.DEFINE_bool("in_place", False, "Replace each recording after success.")
flags.declare_key_flag(model_flag.NAME)
flags.declare_key_flag(model_flag.ENGINE_NAME)
flags.declare_key_flag(model_flag.TRUST_NAME)
_MIX = flags.DEFINE_float("mix", 1.0, "0 for the recording only, 1 for the enhanced signal only.")
_MAX_ATTENUATION_DB = flags.DEFINE_float(
    "max_attenuation_db", None, "Limit of the attenuation, in dB."
)
_LINK_CHANNELS = flags.DEFINE_bool(
    "link_channels", False, "One gain for all channels: keeps the stereo image."
)
_BAND = flags.DEFINE_enum(
    "band",
    "full",
    ["full", "model"],
    "Of recordings at a higher rate than the model's: keep the band above, or remove it.",
)
_NOISE_OUTPUT = flags.DEFINE_string(
    "noise_output",
    None,
    "Also write the removed noise: to a file, or a folder for several recordings.",
)
_PICTURE = flags.DEFINE_bool(
    "picture", False, "Write a picture of before and after beside each result."
)
_FORMAT = flags.DEFINE_string("format", None, "Container of the results, such as FLAC.")
_SUBTYPE = flags.DEFINE_string("subtype", None, "Number format of the results, such as PCM_24.")
_ON_INVALID = flags.DEFINE_enum(
    "on_invalid",
    "raise",
    ["raise", "zero"],
    "For samples that are no numbers: an error, or silence.",
)
_ON_DAMAGE = flags.DEFINE_enum(
    "on_damage",
    "raise",
    ["raise", "keep"],
    "At damage in a file: an error, or keep the samples before it.",
)
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "Replace existing results.")
_SKIP_EXISTING = flags.DEFINE_bool("skip_existing", False, "Skip recordings that have a result.")
_JOBS = flags.DEFINE_integer("jobs", 1, "Number of processes; 0 for all cores.")
_REPORT = flags.DEFINE_string("report", None, "JSON file with the outcome of every recording.")
_RAW_RATE = flags.DEFINE_integer(
    "raw_rate", None, "Raw samples on standard input and output, at this rate in Hz."
)
_RAW_CHANNELS = flags.DEFINE_integer("raw_channels", 1, "Channels of raw samples.")
_RAW_FORMAT = flags.DEFINE_enum(
    "raw_format",
    "PCM_16",
    ["PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW"],
    "Number format of raw samples, little-endian.",
)


def main(arguments: Sequence[str]) -> int:
    """Enhances the recordings that the arguments name."""
    inputs = list(arguments[1:])
    if _LIST_MODELS.value:
        from tfse.cli.model_list import model_list

        print(model_list())
        return program.DONE
    if not inputs:
        raise ConfigError("a file, a folder or - must be given; see --help.")
    with native_logs.hidden():
        return _main(inputs)


def entry_point() -> None:
    """Runs the program."""
    program.run(main, DESCRIPTION, GROUPS)


def _main(inputs: Sequence[str]) -> int:
    if _RAW_RATE.value is not None:
        return _enhance_raw(inputs, _RAW_RATE.value)
    return _enhance(inputs)


def _enhance(inputs: Sequence[str]) -> int:
    # Flags are checked before TensorFlow is imported, which takes seconds.
    from tfse.streaming.batch.plan import plan

    order = _order()
    if _PICTURE.value:
        from tfse.picture import require_drawing

        require_drawing()
    report = _path(_REPORT.value)
    if report is not None and not report.parent.is_dir():
        raise ConfigError(f"`report` must go into a folder that exists; received {report}.")
    planned = plan(inputs, _places())
    if planned.note:
        print(planned.note, file=sys.stderr)
    outcomes = _run(planned.tasks, order)
    if report is not None:
        from tfse.streaming.batch.report import write_report

        write_report(outcomes, model_flag.value(), report)
    return _exit_code(outcomes)


def _run(tasks: Sequence[Task], order: Order) -> list[Outcome]:
    from tfse.streaming.batch.report import line, total_s
    from tfse.streaming.batch.run_batch import run_batch

    outcomes = []
    with progress_bar(total_s(tasks), "s") as bar:
        for outcome in run_batch(tasks, order, bar.update):
            outcomes.append(outcome)
            bar.write(line(outcome))
    return outcomes


def _exit_code(outcomes: Sequence[Outcome]) -> int:
    from tfse.streaming.batch.outcome import Status

    bad = [o for o in outcomes if o.status in (Status.FAILED, Status.KEPT)]
    if len(outcomes) > 1:
        print(f"{len(outcomes) - len(bad)} of {len(outcomes)} are done.", file=sys.stderr)
    return program.FAILED if bad else program.DONE


def _enhance_raw(inputs: Sequence[str], sample_rate: int) -> int:
    from tfse.streaming import open_step
    from tfse.streaming.batch.plan import Places
    from tfse.streaming.pipes import enhance_raw

    if list(inputs) != ["-"] or _places() != Places():
        raise ConfigError("`raw_rate` is for standard input to standard output: give only -.")
    layout = _raw_layout(sample_rate)
    step = open_step(model_flag.value(), one_hop=True, engine=model_flag.engine())
    _warm_up(step, layout.channels)
    with open(sys.stdin.fileno(), "rb", closefd=False) as source:
        enhance_raw(source, sys.stdout.buffer, layout, step, _options())
    return program.DONE


def _warm_up(step: Step, streams: int) -> None:
    """Compiles the step, so that the first samples need not wait."""
    import numpy as np

    step(np.zeros((streams, step.hop_length), np.float32), step.initial_state(streams))


def _order() -> Order:
    from tfse.streaming.batch.outcome import Existing, Order

    if _OVERWRITE.value and _SKIP_EXISTING.value:
        raise ConfigError("`overwrite` and `skip_existing` exclude each other.")
    if _IN_PLACE.value and _ON_DAMAGE.value == "keep":
        raise ConfigError(
            "`in_place` would lose the audio after the damage; use `output_dir` with "
            "`on_damage` keep."
        )
    if _JOBS.value < 0:
        raise ConfigError(f"`jobs` must not be negative; received {_JOBS.value}.")
    existing = Existing.SKIP if _SKIP_EXISTING.value else Existing.KEEP
    if _OVERWRITE.value or _IN_PLACE.value:
        existing = Existing.OVERWRITE
    jobs = _JOBS.value or len(os.sched_getaffinity(0))
    return Order(model_flag.value(), _options(), existing, jobs, model_flag.engine())


def _options() -> EnhanceOptions:
    from tfse.streaming.options import EnhanceOptions

    return EnhanceOptions(
        mix=_MIX.value,
        max_attenuation_db=_MAX_ATTENUATION_DB.value,
        on_invalid=_ON_INVALID.value,
        on_damage=_ON_DAMAGE.value,
        link_channels=_LINK_CHANNELS.value,
        format=_FORMAT.value,
        subtype=_SUBTYPE.value,
        band=_BAND.value,
    )


def _places() -> Places:
    from tfse.streaming.batch.plan import Places

    return Places(
        output=_path(_OUTPUT.value),
        output_dir=_path(_OUTPUT_DIR.value),
        in_place=_IN_PLACE.value,
        noise=_path(_NOISE_OUTPUT.value),
        pictures=_PICTURE.value,
        format=_FORMAT.value,
    )


def _raw_layout(sample_rate: int) -> Layout:
    from tfse.audio.layout import Layout

    if _RAW_CHANNELS.value < 1:
        raise ConfigError(f"`raw_channels` must be at least 1; received {_RAW_CHANNELS.value}.")
    return Layout(sample_rate, _RAW_CHANNELS.value, "RAW", _RAW_FORMAT.value, "LITTLE")


def _path(text: str | None) -> pathlib.Path | None:
    return pathlib.Path(text) if text else None


if __name__ == "__main__":
    entry_point()
