"""Half precision: dtype policy of layers, and loss scale against vanishing gradients."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

# Powers of two are exact. The first few steps find the largest that fits.
_FIRST_SCALE = 2.0**15
_LARGEST_SCALE = 2.0**24
_STEPS_TO_GROW = 2000


@contextlib.contextmanager
def dtype_policy(name: str) -> Iterator[None]:
    """Sets the precision of layers that are built inside.

    Args:
        name: Keras policy, "float32", "mixed_bfloat16" or "mixed_float16".
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class LossScale:
    """Factor on the loss that keeps gradients within the range of float16.

    It is halved whenever a gradient overflows and doubled after 2,000 steps
    without. At 1 it is not halved: a gradient that is not finite then is caused
    by the loss, not by the precision.

    Args:
        needed: False leaves the factor at 1, as in float32 and bfloat16.

    Source:
        Micikevicius et al., "Mixed precision training", ICLR 2018, section 3.2.
    """

    def __init__(self, *, needed: bool) -> None:
        self._needed = needed
        self._scale = _variable(_FIRST_SCALE if needed else 1.0, "scale")
        self._steps = _variable(0.0, "steps")
        self.variables = [self._scale, self._steps] if needed else []

    @property
    def value(self) -> Any:
        """The factor, float32 []."""
        return tf.convert_to_tensor(self._scale.value) if self._needed else tf.constant(1.0)

    def grow(self) -> None:
        """Counts a step whose gradient was finite."""
        if self._needed:
            steps = self._steps.value + 1.0
            full = steps >= _STEPS_TO_GROW
            doubled = tf.minimum(2.0 * self._scale.value, _LARGEST_SCALE)
            self._scale.assign(tf.where(full, doubled, self._scale.value))
            self._steps.assign(tf.where(full, 0.0, steps))

    def shrink(self) -> None:
        """Halves the factor after a gradient that was not finite."""
        if self._needed:
            self._scale.assign(tf.maximum(0.5 * self._scale.value, 1.0))
            self._steps.assign(0.0)


def _variable(value: float, name: str) -> keras.Variable:
    return keras.Variable(
        value,
        trainable=False,
        dtype="float32",
        aggregation="only_first_replica",
        name=f"loss_scale_{name}",
    )
