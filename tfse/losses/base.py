"""Base class of losses: one value per example, independent of padding."""

from __future__ import annotations

from collections.abc import Mapping

import keras

from tfse.types import Tensor

Tensors = Mapping[str, Tensor]


class EnhancementLoss(keras.losses.Loss):
    """Base class of losses: one value per example, independent of padding.

    Per-example losses have the same sum however a batch is divided among replicas; a mean
    inside a loss would be counted once per replica.

    A subclass implements `call(targets, outputs) -> [batch]` with

        targets: `clean`, `noise`, `noisy` `[batch, samples]` and `length` `[batch]`,
            the valid samples per example;
        outputs: `enhanced` `[batch, samples]`, and the heads of the model's core
            by name, `[batch, frames, bins, ...]`.
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name, reduction=None, dtype="float32")

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        raise NotImplementedError
