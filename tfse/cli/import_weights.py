"""Program `tfse-import`: imports published weights into a model of tfse."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from tfse.cli import program, reference_recordings
from tfse.cli.reference_recordings import References
from tfse.errors import ConfigError
from tfse.terminal import one_line

if TYPE_CHECKING:
    from tfse.importing.import_weights import Imported
    from tfse.importing.parity_report import ParityReport

DESCRIPTION = """Imports published weights into a model of tfse.

  tfse-import --from=DeepFilterNet3_onnx.tar.gz --to=deepfilternet3.keras --licence="MIT"
  tfse-import --from=dpcrn.h5 --to=dpcrn.keras --licence="..." --check=noisy.wav,enhanced.wav

Reads PyTorch, ONNX and HDF5 (Keras 2) files, archives and folders of them, recognized by contents;
code in them does not run. Writes the model, and beside it a card (.md) with origin, licence, hash,
sizes and parity. Parity: the output of the original's runtime, where it is known and installed, on
a made-up voice; and with --check, an enhanced recording that the original made of a noisy one.
Parity that cannot be measured is no failure; the card says why. Exit code: 0 imported, 1 the files
do not fit or cannot be read, or model and card are written, but the parity is below 40 dB, 2 bad
usage.
"""
GROUPS = {
    "Weights": ["from", "model", "licence"],
    "Result": ["to", "overwrite", "check"],
}

_FROM = flags.DEFINE_string("from", None, "Published file, archive or folder.", required=True)
_TO = flags.DEFINE_string(
    "to", None, "Model to write, a .keras file; its folder is made.", required=True
)
_MODEL = flags.DEFINE_string("model", "auto", "Name of the model, or auto to recognize it.")
_LICENCE = flags.DEFINE_string(
    "licence", None, "Licence of the weights, for the card. Required; ask where they are from."
)
_CHECK = flags.DEFINE_list(
    "check", [], "Noisy recording, and what the original made of it: NOISY.wav,ENHANCED.wav."
)
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "Replace an existing model and its card.")


def main(arguments: Sequence[str]) -> int:
    """Imports, measures parity, and writes model and card."""
    program.require_flags_only(arguments)
    _check_flags()
    references = reference_recordings.read(_CHECK.value) if _CHECK.value else None
    _check_licence()
    from tfse.importing.import_weights import import_weights

    imported = import_weights(pathlib.Path(_FROM.value), _MODEL.value)
    report = _parity(imported, references)
    _write(imported, report)
    return program.FAILED if report.is_low else program.DONE


def entry_point() -> None:
    """Runs the program."""
    program.run(main, DESCRIPTION, GROUPS)


def _check_flags() -> None:
    if not _FROM.value:
        raise ConfigError("`--from` must name a file, an archive or a folder; it is empty.")
    if len(_CHECK.value) not in (0, 2):
        raise ConfigError(
            "`--check` must be two recordings, noisy.wav,enhanced.wav; "
            f"received {len(_CHECK.value)}."
        )
    target = pathlib.Path(_TO.value)
    if target.suffix != ".keras":
        raise ConfigError(f"`--to` must end in .keras; received {_TO.value!r}.")
    for path in (target, _card(target)):
        if path.is_dir():
            raise ConfigError(f"{path} is a folder, where a file is to be written.")
        if path.exists() and not _OVERWRITE.value:
            raise ConfigError(f"{path} already exists; use another `--to`, or --overwrite.")


def _card(target: pathlib.Path) -> pathlib.Path:
    return target.with_suffix(".md")


def _check_licence() -> None:
    """Checks the licence before the work; without one, names that of the authors."""
    licence = (_LICENCE.value or "").strip()
    if not licence:
        raise ConfigError(
            f"`--licence` must say under which licence the weights are; {_authors_licence()}."
        )
    if one_line(licence) != licence:
        raise ConfigError(f"`--licence` must be one line; received {one_line(licence)}.")


def _authors_licence() -> str:
    """Returns what the authors of the recognized models state, before anything is built."""
    from tfse.importing import IMPORTERS, read_source
    from tfse.importing.import_weights import is_of

    source = read_source(pathlib.Path(_FROM.value))
    named = [importer for importer in IMPORTERS if importer.name == _MODEL.value]
    found = named or [importer for importer in IMPORTERS if is_of(source, importer)]
    return "; ".join(f"those of {i.name} at {i.origin} are under: {i.licence}" for i in found) or (
        "the files are of no known model"
    )


def _parity(imported: Imported, references: References | None) -> ParityReport:
    from tfse.exporting.verification.recordings import built_in
    from tfse.importing import parity_report

    sample_rate = imported.model.sample_rate
    if references:
        references.require_rate(sample_rate)
    report = parity_report.by_runtime(imported, built_in(sample_rate)[0].noisy)
    if references:
        noisy, enhanced, name = references.noisy, references.enhanced, references.name
        report = parity_report.with_recordings(report, imported, noisy, enhanced, name)
    return report


def _write(imported: Imported, report: ParityReport) -> None:
    from tfse.files import write_together
    from tfse.importing.model_card import facts_of, model_card
    from tfse.training.run_folder import model_bytes

    target, licence = pathlib.Path(_TO.value), str(_LICENCE.value).strip()
    card = model_card(imported, licence, f"{report} {report.warning()}".rstrip())
    contents = [
        (target, model_bytes(imported.model)),
        (_card(target), card.encode(errors="backslashreplace")),
    ]
    write_together(contents, _OVERWRITE.value)
    print(f"{one_line(str(target))}: {imported.importer.name}, {facts_of(imported.model)}")
    print(report)
    for damaged in imported.source.refused:
        print(f"Left out: {damaged}")
    print(f"Licence of the weights: {licence}. Card: {one_line(str(_card(target)))}.")
    if report.is_low:
        print(report.warning(), file=sys.stderr)


if __name__ == "__main__":
    entry_point()
