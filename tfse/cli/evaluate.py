"""Program `tfse-evaluate`: measures models and enhanced recordings."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from tfse import native_logs
from tfse.cli import mixture_flags, program
from tfse.data.config import DataConfig
from tfse.errors import ConfigError
from tfse.terminal import progress_bar

if TYPE_CHECKING:
    from tfse.evaluation.run_evaluation import Order
    from tfse.evaluation.sources.recordings import Source
    from tfse.evaluation.sources.systems import System

DESCRIPTION = """Measures speech enhancement and reports what could not be measured.

  tfse-evaluate --model=lstm_irm,dpcrn_small --test_data=prepared --output_dir=report
  tfse-evaluate --model=a.keras,a.tflite --clean_dir=clean --noisy_dir=noisy --output_dir=report
  tfse-evaluate --reference_dir=clean --estimate_dir=enhanced --output_dir=report

With --noisy_dir, --estimate_dir and --model can be given together.
Writes report.html, report.json and per_file.csv. An interrupted run resumes when
started again. Exit code: 0 all measured, 1 a recording has a fault, 2 bad usage.
"""

_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder of the report.", required=True)
_MODEL = flags.DEFINE_list(
    "model",
    [],
    "Names of shipped models, .keras files, .tflite files or, with --trust_saved_model, SavedModel "
    "folders.",
)
_TRUST = flags.DEFINE_bool(
    "trust_saved_model", False, "Load SavedModels, which are code that runs with your rights."
)
_TEST_DATA = flags.DEFINE_string("test_data", None, "Output folder of tfse-prepare.")
_CLEAN_DIR = flags.DEFINE_list("clean_dir", [], "Folders of clean speech, for models.")
_NOISY_DIR = flags.DEFINE_list("noisy_dir", [], "Folders with noisy files of the same names.")
_REFERENCE_DIR = flags.DEFINE_string("reference_dir", None, "Folder of clean speech.")
_ESTIMATE_DIR = flags.DEFINE_list(
    "estimate_dir", [], "Folders with enhanced files of the same names, one per system."
)
_METADATA = flags.DEFINE_string(
    "metadata", None, "CSV file about the recordings: file,snr_db,noise,reverberant."
)
_SPLIT = flags.DEFINE_enum("split", "test", ["test", "valid"], "Split of the mixtures.")
_COUNT = flags.DEFINE_integer("count", None, "Number of mixtures; default 400, for valid 200.")
_DNSMOS_MODEL = flags.DEFINE_string(
    "dnsmos_model", None, "ONNX file of DNSMOS P.835, sig_bak_ovr.onnx."
)
_ONNX_SCORER = flags.DEFINE_list("onnx_scorer", [], "ONNX files that map a waveform to scores.")
_JOBS = flags.DEFINE_integer("jobs", 0, "Number of processes; 0 for all cores.")
_SEED = flags.DEFINE_integer("seed", 0, "Seed of the bootstrap.", 0)
_WORST = flags.DEFINE_integer("worst", 10, "Number of worst recordings per system in the page.", 0)
_EMBED_AUDIO = flags.DEFINE_bool("embed_audio", True, "Embed audio players in the page.")
_OVERWRITE = flags.DEFINE_bool(
    "overwrite", False, "Start over and replace the contents of output_dir."
)

# Not flags: settings that a fixed set does not use, or that the data determine.
_FIXED = ("sample_rate", "seed", "speaker_balance", "valid_mixtures", "test_mixtures")
# Mixtures without noise are measured only on request.
_DEFAULTS = {"clean_probability": 0.0}
_SETTINGS = mixture_flags.define("by default", left_out=_FIXED, defaults=_DEFAULTS)

GROUPS = {
    "Models and recordings": [
        "model", "clean_dir", "noisy_dir", "reference_dir", "estimate_dir", "metadata",
        "trust_saved_model",
    ],
    "Report": ["output_dir", "overwrite", "worst", "embed_audio", "seed", "jobs"],
    "Further scores": ["dnsmos_model", "onnx_scorer"],
    "Mixtures": ["test_data", "split", "count", *_SETTINGS],
}  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Evaluates as the flags say and prints the table."""
    program.require_flags_only(arguments)
    with native_logs.hidden():
        return _evaluate(_order())


def entry_point() -> None:
    """Runs the program."""
    program.run(main, DESCRIPTION, GROUPS)


def _evaluate(order: Order) -> int:
    from tfse.evaluation.report import console
    from tfse.evaluation.run_evaluation import PAGE, evaluate

    with progress_bar(order.source.count * len(order.systems), "row") as bar:

        def progress(_: object, fresh: bool) -> None:
            bar.update() if fresh else bar.skip()

        report = evaluate(order, progress)
    print(console.text(report))
    print(f"\nThe report is {order.output_dir / PAGE}.")
    return program.FAILED if report["figures"]["failed_rows"] else program.DONE


def _order() -> Order:
    _check_usage()
    # Imported after the check of the flags: SciPy takes a second.
    from tfse.data.preparation.worker_processes import available_cores
    from tfse.evaluation.run.onnx_scorers import scorer_files
    from tfse.evaluation.run_evaluation import Order

    return Order(
        source=_source(),
        systems=_systems(),
        output_dir=pathlib.Path(_OUTPUT_DIR.value),
        scorers=scorer_files(_DNSMOS_MODEL.value, _ONNX_SCORER.value),
        jobs=_JOBS.value or available_cores(),
        seed=_SEED.value,
        worst=_WORST.value,
        embed_audio=_EMBED_AUDIO.value,
        overwrite=_OVERWRITE.value,
        command=["tfse-evaluate", *sys.argv[1:]],
    )


def _check_usage() -> None:
    """Checks the combination of flags before any work."""
    estimates = bool(_REFERENCE_DIR.value or _ESTIMATE_DIR.value)
    if estimates and not (_REFERENCE_DIR.value and _ESTIMATE_DIR.value):
        raise ConfigError("`--reference_dir` and `--estimate_dir` must be given together.")
    if not (estimates or _MODEL.value):
        raise ConfigError(
            "either `--model` or `--reference_dir` with `--estimate_dir` must be given."
        )
    if estimates and _MODEL.value and len(_NOISY_DIR.value) != 1:
        raise ConfigError("`--model` beside `--estimate_dir` needs one `--noisy_dir`.")
    if not estimates and bool(_TEST_DATA.value) == bool(_CLEAN_DIR.value and _NOISY_DIR.value):
        raise ConfigError(
            "`--model` needs either `--test_data` or `--clean_dir` with `--noisy_dir`."
        )
    if estimates and (_TEST_DATA.value or _CLEAN_DIR.value or len(_NOISY_DIR.value) > 1):
        raise ConfigError("`--estimate_dir` takes no other recordings than one `--noisy_dir`.")
    if _TEST_DATA.value and (_METADATA.value or _CLEAN_DIR.value or _NOISY_DIR.value):
        raise ConfigError("`--test_data` takes neither folders nor `--metadata`.")
    given = list(mixture_flags.given({**_SETTINGS, "count": _COUNT}))
    given += ["split"] if flags.FLAGS["split"].present else []
    if given and not _TEST_DATA.value:
        raise ConfigError(f"`--{given[0]}` is a setting of mixtures, and needs `--test_data`.")
    if _JOBS.value < 0:
        raise ConfigError(f"`jobs` must not be negative; received {_JOBS.value}.")


def _source() -> Source:
    from tfse.evaluation.sources.folder_source import FolderSource
    from tfse.evaluation.sources.metadata_file import read_metadata
    from tfse.evaluation.sources.mixture_source import MixtureSource, sample_rate_of

    if _TEST_DATA.value:
        given = mixture_flags.given(_SETTINGS)
        rate = sample_rate_of(_TEST_DATA.value)
        config = DataConfig(**{**_DEFAULTS, **given, "sample_rate": rate})
        usual = config.test_mixtures if _SPLIT.value == "test" else config.valid_mixtures
        count = usual if _COUNT.value is None else _COUNT.value
        return MixtureSource(_TEST_DATA.value, config, _SPLIT.value, count)
    metadata = read_metadata(_METADATA.value) if _METADATA.value else None
    if not _REFERENCE_DIR.value:
        return FolderSource(_CLEAN_DIR.value, _NOISY_DIR.value, metadata=metadata)
    references = [_REFERENCE_DIR.value]
    return FolderSource(references, _NOISY_DIR.value, _estimates(), metadata)


def _estimates() -> dict[str, str]:
    from tfse.evaluation.sources.systems import short_labels

    folders = _ESTIMATE_DIR.value
    labels = short_labels(folders)
    if len(set(labels)) < len(labels):
        raise ConfigError(f"`estimate_dir` must name every folder once; received {folders}.")
    return dict(zip(labels, folders, strict=True))


def _systems() -> list[System]:
    from tfse.evaluation.sources.systems import NOISY, System, models

    noisy = [System(NOISY)] if _MODEL.value or _NOISY_DIR.value else []
    compared = [*models(_MODEL.value, _TRUST.value), *map(System, _estimates())]
    labels = [system.label for system in compared]
    if len(set(labels)) < len(labels):
        raise ConfigError(f"models and folders must have distinct names; received {labels}.")
    return [*noisy, *compared]


if __name__ == "__main__":
    entry_point()
