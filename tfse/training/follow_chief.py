"""Synchronization of all machines with the chief, which alone reads and writes files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfse.training.strategy import is_chief, is_multi_worker

# Numbers for a JSON text, one per character.
_TEXT_LENGTH = 4096


def follow_chief(
    strategy: tf.distribute.Strategy,
    variables: Sequence[keras.Variable],
    progress: Mapping[str, Any],
) -> dict[str, Any]:
    """Copies variables and progress of the chief to every machine.

    Args:
        strategy: distribution strategy; with one machine nothing is copied.
        variables: the same ones on every machine.
        progress: counters of this machine that JSON can hold.

    Returns:
        The progress of the chief.
    """
    if not is_multi_worker(strategy):
        return dict(progress)
    text = json.dumps(progress).ljust(_TEXT_LENGTH)
    mine = [*(np.asarray(variable) for variable in variables), np.array([*map(ord, text)])]
    *values, letters = _of_chief(strategy, mine)
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value.astype(variable.dtype))
    return dict(json.loads("".join(chr(int(letter)) for letter in letters)))


def _of_chief(
    strategy: tf.distribute.Strategy, arrays: Sequence[npt.NDArray[Any]]
) -> list[npt.NDArray[np.float64]]:
    """Returns the chief's arrays, as a sum to which only its first replica contributes.

    In float64, which holds float32 and small integers exactly.
    """
    weight = float(is_chief(strategy))

    @tf.function
    def total(tensors: list[Any]) -> list[Any]:
        def share(*values: Any) -> list[Any]:
            context = tf.distribute.get_replica_context()
            is_first = tf.cast(tf.equal(context.replica_id_in_sync_group, 0), tf.float64)
            return list(
                context.all_reduce(
                    tf.distribute.ReduceOp.SUM, [is_first * weight * value for value in values]
                )
            )

        return list(strategy.run(share, args=tensors))

    results = total([tf.constant(array, tf.float64) for array in arrays])
    return [strategy.experimental_local_results(result)[0].numpy() for result in results]
