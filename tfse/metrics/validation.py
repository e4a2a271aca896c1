"""What every metric asks of a pair, in one place."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tfse.metrics.errors import MetricUndefined

Waveform = npt.NDArray[Any]


def validate(reference: Waveform, estimate: Waveform) -> None:
    """Checks that two waveforms can be compared.

    Args:
        reference: `[samples]`.
        estimate: `[samples]`.

    Raises:
        MetricUndefined: they are not of one axis and one length, hold NaN or
            infinity, or one is silent.
    """
    for name, waveform in (("reference", reference), ("estimate", estimate)):
        if waveform.ndim != 1:
            raise MetricUndefined(f"the {name} must be [samples]; received {waveform.shape}.")
    if len(reference) != len(estimate):
        raise MetricUndefined(
            "reference and estimate must have the same length; received "
            f"{len(reference)} and {len(estimate)} samples."
        )
    for name, waveform in (("reference", reference), ("estimate", estimate)):
        _check_sound(name, waveform)


def _check_sound(name: str, waveform: Waveform) -> None:
    if not np.isfinite(waveform).all():
        position = int(np.flatnonzero(~np.isfinite(waveform))[0])
        raise MetricUndefined(f"the {name} must be finite; sample {position} is not.")
    if not np.any(waveform):
        raise MetricUndefined(f"the {name} must not be silent; all {len(waveform)} samples are 0.")
