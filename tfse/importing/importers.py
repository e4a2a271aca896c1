"""Importers of all published models that are known."""

from __future__ import annotations

from tfse.importing import dpcrn, fastenhancer
from tfse.importing.source import Importer

#: In the order of their names.
IMPORTERS: tuple[Importer, ...] = (
    dpcrn.IMPORTER,
    fastenhancer.IMPORTER,
)
