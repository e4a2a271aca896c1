"""Importers of all published models that are known."""

from __future__ import annotations

from tfse.importing.originals import (
    deepfilternet3,
    demucs,
    dpcrn,
    dtln,
    fastenhancer,
    gtcrn,
    segan_plus,
)
from tfse.importing.source import Importer

#: In the order of their names.
IMPORTERS: tuple[Importer, ...] = (
    deepfilternet3.IMPORTER,
    demucs.IMPORTER,
    dpcrn.IMPORTER,
    dtln.IMPORTER,
    fastenhancer.IMPORTER,
    gtcrn.IMPORTER,
    segan_plus.IMPORTER,
)
