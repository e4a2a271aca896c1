"""Program `tfse-import`: imports published weights into a model of tfse."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from tfse.cli import program
from tfse.errors import AudioError, ConfigError

if TYPE_CHECKING:
    from tfse.importing.import_weights import Imported
    from tfse.importing.parity import Parity
    from tfse.types import Samples

DESCRIPTION = """Imports published weights into a model of tfse.

  tfse-import --from=DeepFilterNet3_onnx.tar.gz --to=deepfilternet3.keras --licence="MIT"
  tfse-import --from=dpcrn.h5 --to=dpcrn.keras --licence="..." --check=noisy.wav,enhanced.wav

Reads PyTorch, ONNX and HDF5 (Keras 2) files, archives and folders of them, recognized by contents;
code in them does not run. Writes the model, and beside it a card (.md) with origin, licence, hash,
sizes and parity. Parity: the output of the original's runtime, where it is known and installed, on
a made-up voice; and with --check, an enhanced recording that the original made of a noisy one.
Exit code: 0 imported, 1 the files do not fit or cannot be read, 2 bad usage.
"""
GROUPS = {
    "Weights": ["from", "model", "licence"],
    "Result": ["to", "check"],
}

_FROM = flags.DEFINE_string("from", None, "Published file, archive or folder.", required=True)
_TO = flags.DEFINE_string("to", None, "Model to write, a .keras file.", required=True)
_MODEL = flags.DEFINE_string("model", "auto", "Name of the model, or auto to recognize it.")
_LICENCE = flags.DEFINE_string(
    "licence", None, "Licence of the weights, for the card. Required; ask where they are from."
)
_CHECK = flags.DEFINE_list(
    "check", [], "Noisy recording, and what the original made of it: NOISY.wav,ENHANCED.wav."
)


def main(arguments: Sequence[str]) -> int:
    """Imports, measures parity, and writes model and card."""
    program.require_flags_only(arguments)
    _check_flags()
    from tfse.importing.import_weights import import_weights

    imported = import_weights(pathlib.Path(_FROM.value), _MODEL.value)
    licence = _licence(imported)
    check = _check_recordings(imported)
    measured = [*_of_runtime(imported), *_of_recordings(imported, check)]
    parity = "; ".join(measured) or (
        "not measured. Neither is a runtime of the original known and installed, nor was an "
        "enhanced recording given (--check=noisy.wav,enhanced.wav)."
    )
    _write(imported, licence, parity)
    return program.DONE


def entry_point() -> None:
    """Runs the program."""
    program.run(main, DESCRIPTION, GROUPS)


def _check_flags() -> None:
    if pathlib.Path(_TO.value).suffix != ".keras":
        raise ConfigError(f"`--to` must end in .keras; received {_TO.value!r}.")
    if len(_CHECK.value) not in (0, 2):
        raise ConfigError(
            "`--check` must be two recordings, noisy.wav,enhanced.wav; "
            f"received {len(_CHECK.value)}."
        )


def _licence(imported: Imported) -> str:
    if _LICENCE.value:
        return str(_LICENCE.value)
    importer = imported.importer
    raise ConfigError(
        "`--licence` must say under which licence the weights are; those of "
        f"{importer.name} at {importer.origin} are under: {importer.licence}."
    )


def _check_recordings(imported: Imported) -> list[Samples]:
    return [_read(path, imported.model.sample_rate) for path in _CHECK.value]


def _read(path: str, sample_rate: int) -> Samples:
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="float32")
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path} cannot be read: {error}") from error
    if samples.ndim != 1 or rate != sample_rate:
        raise AudioError(
            f"{path} must be mono at {sample_rate} Hz; it has shape {samples.shape}, {rate} Hz."
        )
    return samples


def _of_runtime(imported: Imported) -> list[str]:
    from tfse.exporting.verification.recordings import built_in
    from tfse.importing.parity import parity_of

    run = imported.importer.run_original
    if run is None:
        return []
    noisy = built_in(imported.model.sample_rate)[0].noisy
    try:
        original = run(imported.source, noisy)
    except (ImportError, RuntimeError, ValueError) as error:
        print(f"The original's runtime was not used: {str(error).rstrip('.')}.")
        return []
    return [_line(parity_of(imported.model, noisy, original), "its own runtime on a made-up voice")]


def _of_recordings(imported: Imported, recordings: list[Samples]) -> list[str]:
    from tfse.importing.parity import parity_of

    if not recordings:
        return []
    name = pathlib.Path(_CHECK.value[1]).name
    return [_line(parity_of(imported.model, *recordings), name)]


def _line(parity: Parity, reference: str) -> str:
    return f"{parity}, against {reference}"


def _write(imported: Imported, licence: str, parity: str) -> None:
    from tfse.files import write_text
    from tfse.importing.model_card import facts_of, model_card
    from tfse.training.run_folder import save_model

    target = pathlib.Path(_TO.value)
    save_model(imported.model, target)
    write_text(target.with_suffix(".md"), model_card(imported, licence, parity))
    print(f"{target}: {imported.importer.name}, {facts_of(imported.model)}")
    print(f"Parity with the original: {parity}")
    print(f"Licence of the weights: {licence}. Card: {target.with_suffix('.md')}.")


if __name__ == "__main__":
    entry_point()
