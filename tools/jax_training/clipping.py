"""Gradient clipping of `tfse.training.gradient_clip` without variables."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

Array = Any

# Norms that are remembered, and how many are needed before they set the limit.
_REMEMBERED = 200
_NEEDED = 20


class NormHistory(NamedTuple):
    """Norms of the last gradients that were applied.

    Attributes:
        norms: float32 [200]; 0 where there is no norm yet.
        count: int32 [], number of all norms so far.
    """

    norms: Array
    count: Array


def no_history() -> NormHistory:
    """Returns the history before the first step."""
    return NormHistory(jnp.zeros(_REMEMBERED), jnp.int32(0))


def remembered(history: NormHistory, norm: Array) -> NormHistory:
    """Returns the history with one more norm."""
    place = history.count % _REMEMBERED
    return NormHistory(history.norms.at[place].set(norm), history.count + 1)


def norm_limit(history: NormHistory, fixed: float, quantile: float) -> Array:
    """Returns the largest norm that the next gradient may have, float32 [].

    Args:
        history: norms before they were clipped.
        fixed: limit without a quantile, and of the first 20 steps.
        quantile: of the norms; 0 for the fixed limit.
    """
    if not quantile:
        return jnp.float32(fixed)
    known = jnp.minimum(history.count, _REMEMBERED)
    place = _REMEMBERED - known + quantile * (known - 1)
    limit = jnp.sort(history.norms)[jnp.maximum(place, 0).astype(jnp.int32)]
    return jnp.where(known < _NEEDED, fixed, limit)


def global_norm(gradients: Any) -> Array:
    """Returns the norm of all gradients together."""
    return jnp.sqrt(sum(jnp.sum(jnp.square(leaf)) for leaf in jax.tree.leaves(gradients)))


def clipped(gradients: Any, norm: Array, limit: Array) -> Any:
    """Returns gradients clipped to a norm of `limit`."""
    scale = limit / jnp.maximum(norm, limit)
    return jax.tree.map(lambda leaf: leaf * scale, gradients)
