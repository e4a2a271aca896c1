"""Validation of waveforms and sample rates for all metrics."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
import numpy.typing as npt

from tfse.metrics.metric_errors import MetricUndefined

Waveform = npt.NDArray[Any]
Samples = npt.NDArray[np.float64]

# Within these, squares and their products are finite in float64.
_POWERS = (1e-100, 1e100)
# Below 8 kHz, bands of speech that metrics use are missing.
_SAMPLE_RATES = (8_000, 384_000)


def validate(reference: Waveform, estimate: Waveform) -> None:
    """Checks that two waveforms can be compared.

    Args:
        reference: `[samples]`.
        estimate: `[samples]`.

    Raises:
        MetricUndefined: they are not one-dimensional and of the same length, are empty, contain
            NaN or infinity, or one is silent or has a power out of range.
    """
    validate_waveform("reference", reference)
    validate_waveform("estimate", estimate)
    if len(reference) != len(estimate):
        raise MetricUndefined(
            "reference and estimate must have the same length; received "
            f"{len(reference)} and {len(estimate)} samples."
        )
    for name, waveform in (("reference", reference), ("estimate", estimate)):
        validate_finite(name, waveform)
        _check_power(name, waveform)


def validated(reference: Waveform, estimate: Waveform) -> tuple[Samples, Samples]:
    """Checks two waveforms with `validate` and returns them as float64."""
    validate(reference, estimate)
    return reference.astype(np.float64), estimate.astype(np.float64)


def validate_waveform(name: str, waveform: Waveform) -> None:
    """Checks that `waveform` is a non-empty array of real numbers, `[samples]`."""
    if not isinstance(waveform, np.ndarray) or waveform.dtype.kind not in "fiu":
        kind = getattr(waveform, "dtype", type(waveform).__name__)
        raise MetricUndefined(f"the {name} must be an array of real numbers; received {kind}.")
    if waveform.ndim != 1:
        raise MetricUndefined(f"the {name} must be [samples]; received {waveform.shape}.")
    if not len(waveform):
        raise MetricUndefined(f"the {name} must hold samples; it is empty.")


def validate_finite(name: str, waveform: Waveform) -> None:
    """Checks that `waveform` contains neither NaN nor infinity."""
    finite = np.isfinite(waveform)
    if not finite.all():
        raise MetricUndefined(f"the {name} must be finite; sample {int(np.argmin(finite))} is not.")


def validate_sample_rate(sample_rate: int) -> None:
    """Checks that `sample_rate` is a whole number of Hz within the range of metrics."""
    low, high = _SAMPLE_RATES
    if not isinstance(sample_rate, numbers.Integral) or not low <= sample_rate <= high:
        raise MetricUndefined(
            f"the sample rate must be a whole number of {low} to {high} Hz; "
            f"received {sample_rate!r}."
        )


def _check_power(name: str, waveform: Waveform) -> None:
    if not np.any(waveform):
        raise MetricUndefined(f"the {name} must not be silent; all {len(waveform)} samples are 0.")
    with np.errstate(over="ignore", under="ignore"):
        power = np.mean(np.square(waveform, dtype=np.float64))
    if not _POWERS[0] <= power <= _POWERS[1]:
        raise MetricUndefined(
            f"the {name} must have a power of {_POWERS[0]:g} to {_POWERS[1]:g}; received {power:g}."
        )
