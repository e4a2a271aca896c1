"""Importers of all published models that are known."""

from __future__ import annotations

from tfse.importing import demucs, dpcrn, fastenhancer, segan_plus
from tfse.importing.source import Importer

#: In the order of their names.
IMPORTERS: tuple[Importer, ...] = (
    demucs.IMPORTER,
    dpcrn.IMPORTER,
    fastenhancer.IMPORTER,
    segan_plus.IMPORTER,
)
