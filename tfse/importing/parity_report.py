"""Report on the parity of an imported model: measured, low, or why not measured."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from tfse.errors import AudioError
from tfse.importing.import_weights import Imported
from tfse.importing.parity import LEAST_SNR_DB, Parity, parity_of
from tfse.isolated_call import CallFailed, isolated_call
from tfse.terminal import one_line
from tfse.types import Samples

#: A runtime needs seconds for the few seconds of the recording, its imports some more.
TIMEOUT_S = 300.0


@dataclasses.dataclass(frozen=True)
class ParityReport:
    """Parity of an imported model.

    Attributes:
        measured: parities and what they are against, in words.
        reason: why the original's runtime was not used; "" if it was.
    """

    measured: tuple[tuple[Parity, str], ...]
    reason: str = ""

    @property
    def is_low(self) -> bool:
        """Whether a measured parity is too low for the same model."""
        return any(parity.is_low for parity, _ in self.measured)

    def __str__(self) -> str:
        """Returns the report in sentences, for the program's output and the card."""
        if not self.measured:
            return f"Parity was not measured: {self.reason}."
        lines = "; ".join(f"{parity}, against {what}" for parity, what in self.measured)
        without = f" The original's runtime was not used: {self.reason}." if self.reason else ""
        return f"Parity with the original: {lines}.{without}"

    def warning(self) -> str:
        """Returns what a low parity means, "" if none is low."""
        if not self.is_low:
            return ""
        return (
            f"WARNING: the parity is below {LEAST_SNR_DB:g} dB, so this is not the same model as "
            "the original, or the original was run in another way."
        )


def by_runtime(imported: Imported, noisy: Samples, timeout_s: float = TIMEOUT_S) -> ParityReport:
    """Compares a model with the original's runtime on a synthetic voice.

    The runtime is called in a subprocess: it is compiled code that others wrote, and runs a
    graph that came with the file.

    Args:
        imported: the model.
        noisy: the voice, `[samples]` at the model's rate.
        timeout_s: after which the runtime is ended.
    """
    run = imported.importer.run_original
    if run is None:
        return ParityReport((), f"no runtime is known for {imported.importer.name} files")
    try:
        original = isolated_call(run, imported.source, noisy, timeout_s=timeout_s)
        parity = parity_of(imported.model, noisy, _checked(original))
    except CallFailed as error:
        return ParityReport((), f"the original's runtime {one_line(str(error))}")
    except AudioError as error:
        return ParityReport((), f"the output of the original's runtime does not fit: {error}"[:-1])
    return ParityReport(((parity, "the original's runtime on a synthetic voice"),))


def _checked(original: np.ndarray[Any, Any]) -> Samples:
    if original.ndim != 1 or original.dtype.kind != "f":
        raise AudioError(f"it has the shape {list(original.shape)} of {original.dtype}.")
    if not np.isfinite(original).all():
        raise AudioError("it has NaN or infinity.")
    return original


def with_recordings(
    report: ParityReport, imported: Imported, noisy: Samples, enhanced: Samples, name: str
) -> ParityReport:
    """Returns a report with the comparison with a recording that the original enhanced.

    Args:
        report: from `by_runtime`.
        imported: the model.
        noisy: `[samples]` at the model's rate.
        enhanced: what the original made of it.
        name: of the enhanced recording.
    """
    parity = parity_of(imported.model, noisy, enhanced)
    return dataclasses.replace(report, measured=(*report.measured, (parity, name)))
