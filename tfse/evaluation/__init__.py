"""Evaluation: metrics of many recordings under several systems, and a report of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfse.lazy_import import lazy_attributes

if TYPE_CHECKING:
    from tfse.evaluation.run_evaluation import Order, evaluate
    from tfse.evaluation.sources.folder_source import FolderSource
    from tfse.evaluation.sources.mixture_source import MixtureSource
    from tfse.evaluation.sources.systems import System, models

__all__ = ["FolderSource", "MixtureSource", "Order", "System", "evaluate", "models"]

# Imported on first use: workers that score need no TensorFlow.
__getattr__ = lazy_attributes(
    __name__,
    {
        "FolderSource": "sources.folder_source",
        "MixtureSource": "sources.mixture_source",
        "Order": "run_evaluation",
        "System": "sources.systems",
        "evaluate": "run_evaluation",
        "models": "sources.systems",
    },
)
