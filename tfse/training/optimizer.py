"""Optimizers by config, and the matrices of a model."""

from __future__ import annotations

from collections.abc import Iterator

import keras

from tfse.layers import FrequencyAttention, TimeGRU
from tfse.layers.graph import all_layers
from tfse.training.config import TrainConfig
from tfse.training.muon import Muon

# Layers whose kernels hold the matrices of several gates or projections side by side.
_MATRICES_PER_KERNEL: dict[type, int] = {
    FrequencyAttention: 3,
    TimeGRU: 3,
    keras.layers.LSTMCell: 4,
}
_KERNELS = ("kernel", "recurrent_kernel")


def build_optimizer(config: TrainConfig, model: keras.Model) -> keras.optimizers.Optimizer:
    """Returns the optimizer that a config names, built for a model's variables.

    Weight decay is applied to kernels only, never to biases, normalizations or slopes.

    Args:
        config: provides `optimizer`, `learning_rate`, `weight_decay` and `muon_momentum`.
        model: the model to train.
    """
    decay = config.weight_decay or None
    matrices = matrices_of(model)
    optimizer: keras.optimizers.Optimizer
    if config.optimizer == "muon":
        hidden = dict(list(matrices.items())[1:-1])
        optimizer = Muon(
            config.learning_rate, hidden, config.muon_momentum, config.adam_ratio, decay
        )
    elif config.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(config.learning_rate, weight_decay=decay or 0.0)
    else:
        optimizer = keras.optimizers.Adam(config.learning_rate)
    if decay:
        optimizer.exclude_from_weight_decay(
            var_list=[v for v in model.trainable_variables if v.path not in matrices]
        )
    optimizer.build(model.trainable_variables)
    return optimizer


def matrices_of(model: keras.Model) -> dict[str, int]:
    """Returns the kernels of a model, in the order of its layers.

    Args:
        model: a tfse model.

    Returns:
        Number of matrices that a kernel holds side by side along its last axis, by
        variable path: 3 for the gates of a GRU, 4 for those of an LSTM, 1 for most.
    """
    counts = {path: count for layer in all_layers(model) for path, count in _kernels(layer)}
    return {v.path: counts[v.path] for v in model.trainable_variables if v.path in counts}


def _kernels(layer: keras.layers.Layer) -> Iterator[tuple[str, int]]:
    for name in _KERNELS:
        variable = getattr(layer, name, None)
        if isinstance(variable, keras.Variable):
            yield variable.path, _MATRICES_PER_KERNEL.get(type(layer), 1)
