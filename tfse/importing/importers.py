"""Importers of all published models that are known."""

from __future__ import annotations

from tfse.importing import deepfilternet3, dpcrn, dtln, fastenhancer, gtcrn
from tfse.importing.source import Importer

#: In the order of their names.
IMPORTERS: tuple[Importer, ...] = (
    deepfilternet3.IMPORTER,
    dpcrn.IMPORTER,
    dtln.IMPORTER,
    fastenhancer.IMPORTER,
    gtcrn.IMPORTER,
)
