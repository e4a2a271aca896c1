"""Gradient clipping by a fixed norm, or by a quantile of the norms of the last steps."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

# Norms that are remembered, and how many are needed before they set the limit.
_REMEMBERED = 200
_NEEDED = 20


class GradientClip:
    """Limit on the global norm of a gradient.

    A fixed limit that suits one model clips every step of another, or none: the norms of
    a DPCRN are a hundred times those of an LSTM-IRM. With a quantile the limit is that of
    the norms of the last 200 steps, taken before they were clipped; the first 20 steps are
    limited by the fixed norm.

    Args:
        norm: fixed limit.
        quantile: between 0 and 1; 0 for the fixed limit.

    Source:
        Seetharaman et al., "AutoClip: Adaptive gradient clipping for source separation
        networks", MLSP 2020, with a window in place of the whole history.
    """

    def __init__(self, norm: float, quantile: float) -> None:
        self._norm = norm
        self._quantile = quantile
        shapes = {"norms": (_REMEMBERED,), "count": ()} if quantile else {}
        self.variables = [_variable(shape, name) for name, shape in shapes.items()]

    def limit(self) -> Any:
        """Returns the largest norm that the next gradient may have, float32 []."""
        if not self._quantile:
            return tf.constant(self._norm)
        norms, count = (tf.convert_to_tensor(variable.value) for variable in self.variables)
        known = tf.minimum(count, float(_REMEMBERED))
        # Places that hold nothing yet are 0, and sort before all others.
        place = float(_REMEMBERED) - known + self._quantile * (known - 1.0)
        quantile = tf.sort(norms)[tf.cast(tf.maximum(place, 0.0), tf.int32)]
        return tf.where(known < float(_NEEDED), self._norm, quantile)

    def remember(self, norm: Any) -> None:
        """Adds the norm of a step that is applied."""
        if self._quantile:
            norms, count = self.variables
            place = tf.cast(count.value, tf.int32) % _REMEMBERED
            here = tf.one_hot(place, _REMEMBERED)
            norms.assign(norms.value * (1.0 - here) + norm * here)
            count.assign(count.value + 1.0)


def _variable(shape: tuple[int, ...], name: str) -> keras.Variable:
    return keras.Variable(
        tf.zeros(shape),
        trainable=False,
        dtype="float32",
        aggregation="only_first_replica",
        name=f"clip_{name}",
    )
