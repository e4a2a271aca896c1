"""What a run needs to go on where it stopped."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import keras
import tensorflow as tf

# What Keras' callbacks count between validations; they are reset when a
# training begins, and must not be when it goes on.
_COUNTERS = ("best", "cooldown_counter", "wait")


class Checkpoints:
    """Saves and restores weights, optimizer, step and the callbacks' counters.

    Args:
        folder: where the last two checkpoints are kept.
        model: whose weights.
        optimizer: built, so that its slots exist.
        callbacks: those that count validations, by name.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        callbacks: dict[str, keras.callbacks.Callback],
    ) -> None:
        """Looks for nothing yet."""
        self._callbacks = callbacks
        self._step = tf.Variable(0, dtype=tf.int64)
        self._counters = tf.Variable("{}", dtype=tf.string)
        self._manager = tf.train.CheckpointManager(
            tf.train.Checkpoint(
                model=model, optimizer=optimizer, step=self._step, counters=self._counters
            ),
            str(folder),
            max_to_keep=2,
        )

    def save(self, step: int) -> None:
        """Keeps everything as it is after `step` steps."""
        self._step.assign(step)
        self._counters.assign(json.dumps({k: _counters(v) for k, v in self._callbacks.items()}))
        self._manager.save(step)

    def restore(self) -> int:
        """Goes back to the newest checkpoint and returns its step; 0 without one."""
        if not self._manager.restore_or_initialize():
            return 0
        counters = json.loads(self._counters.numpy())
        for name, callback in self._callbacks.items():
            for counter, value in counters.get(name, {}).items():
                setattr(callback, counter, value)
        return int(self._step.numpy())


def _counters(callback: keras.callbacks.Callback) -> dict[str, Any]:
    found = {name: getattr(callback, name, None) for name in _COUNTERS}
    return {name: float(value) for name, value in found.items() if value is not None}
