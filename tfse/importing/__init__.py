"""Import of published weights into models of tfse."""

from tfse.importing.import_weights import Imported, import_weights
from tfse.importing.importers import IMPORTERS
from tfse.importing.parity import Parity, parity_of
from tfse.importing.readers import read_source
from tfse.importing.source import ArrayPool, Conversion, Importer, Node, Part, Source

__all__ = [
    "IMPORTERS",
    "ArrayPool",
    "Conversion",
    "Imported",
    "Importer",
    "Node",
    "Parity",
    "Part",
    "Source",
    "import_weights",
    "parity_of",
    "read_source",
]
