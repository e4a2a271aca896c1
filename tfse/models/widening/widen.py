"""Weights of a narrow model for a wider one of the same function."""

from __future__ import annotations

from typing import Protocol

import keras
import numpy as np

from tfse.errors import ModelError
from tfse.models.enhancement_model import EnhancementModel
from tfse.models.widening.copies import Axes, with_copies
from tfse.models.widening.dpcrn import DPCRNAxes
from tfse.models.widening.fastenhancer import FastEnhancerAxes


class _Architecture(Protocol):
    """Axes of units of the weights of two models of one architecture."""

    def axes(self, path: str) -> Axes:
        """Returns the axes of a weight."""


def widen(wide: EnhancementModel, narrow: EnhancementModel, seed: int = 0) -> None:
    """Sets the weights of a wide model so that it computes the function of a narrow one.

    Unit j of a wide layer is unit j modulo n of the narrow one, and each weight that reads a
    unit is divided among its copies. Equal shares would have equal gradients, so that copies would
    remain identical. The shares are therefore random: they sum to the weight, and give the
    wide layer the standard deviation of weights that fits its number of inputs.

    The frame normalizations between the dual-path blocks of a DPCRN weight all units equally
    only if each has the same number of copies. If the filters of the last stage are not a
    multiple of the narrow model's, the outputs are therefore close, not equal (for
    `dpcrn_small` with 128 instead of 48 filters, the difference is 27 to 52 dB below the output).

    Args:
        wide: receives the weights; a DPCRN with at least as many filters and units, or a
            FastEnhancer with at least as many channels, and otherwise the same settings.
        narrow: provides the weights.
        seed: of the random shares.

    Raises:
        ModelError: the models are neither DPCRNs nor FastEnhancers, a layer of the wide model
            is narrower, or another setting differs.

    Source:
        Chen, Goodfellow and Shlens, "Net2Net: Accelerating learning via knowledge
        transfer", ICLR 2016, section 2.2 (Net2WiderNet).
    """
    architecture = _architecture(wide, narrow)
    _check_transform(wide, narrow)
    rng = np.random.default_rng(seed)
    narrow_weights = {weight.path: keras.ops.convert_to_numpy(weight) for weight in narrow.weights}
    widened = {}
    for weight in wide.weights:
        path = weight.path
        if path not in narrow_weights:
            raise ModelError(f"the narrow model must have every layer; {path} is missing.")
        value = with_copies(narrow_weights[path], architecture.axes(path), rng, path)
        if value.shape != tuple(weight.shape):
            raise ModelError(
                "the models must differ only in filters, channels and units; received the shapes "
                f"{value.shape} and {tuple(weight.shape)} of {path}."
            )
        widened[path] = value
    for weight in wide.weights:
        weight.assign(widened[weight.path])


def _architecture(wide: EnhancementModel, narrow: EnhancementModel) -> _Architecture:
    kinds = [_is_fastenhancer(model) for model in (narrow, wide)]
    if kinds[0] != kinds[1]:
        raise ModelError(
            f"both models must be DPCRNs or both FastEnhancers; received {narrow.name} and "
            f"{wide.name}."
        )
    return FastEnhancerAxes(wide, narrow) if all(kinds) else DPCRNAxes(wide, narrow)


def _is_fastenhancer(model: keras.Model) -> bool:
    return any(weight.path == "block_0_attention/kernel" for weight in model.weights)


def _check_transform(wide: EnhancementModel, narrow: EnhancementModel) -> None:
    one, other = (model.stft.get_config() for model in (narrow, wide))
    changed = [name for name in one if one[name] != other[name] and name != "dtype"]
    if changed:
        raise ModelError(
            "the models must differ only in filters, channels and units; received "
            + ", ".join(f"{name} {other[name]} for {one[name]}" for name in changed)
            + "."
        )
