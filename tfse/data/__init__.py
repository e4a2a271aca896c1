"""Data: prepared speech, noise and room impulse responses, and the mixtures made of them.

`prepare` turns folders of recordings into TFRecord shards beside one `index.json`;
`training_dataset` and `fixed_dataset` mix those shards into examples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.lazy_import import lazy_attributes

if TYPE_CHECKING:
    from tfse.data.pipeline import fixed_dataset, training_dataset
    from tfse.data.preparation.prepare import prepare
    from tfse.data.preparation.prepare_config import PrepareConfig

__all__ = [
    "AugmentationConfig",
    "DataConfig",
    "PrepareConfig",
    "fixed_dataset",
    "prepare",
    "training_dataset",
]

# Imported on first use: settings need no TensorFlow.
__getattr__ = lazy_attributes(
    __name__,
    {
        "PrepareConfig": "preparation.prepare_config",
        "fixed_dataset": "pipeline",
        "prepare": "preparation.prepare",
        "training_dataset": "pipeline",
    },
)
