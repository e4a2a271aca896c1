"""Parity of an imported model with its original, on one recording."""

from __future__ import annotations

import dataclasses

import numpy as np
import scipy.signal

from tfse.errors import AudioError
from tfse.models import EnhancementModel, enhance_aligned
from tfse.types import Samples

# At both ends implementations treat incomplete frames differently.
_MARGIN_S = 0.1
# Originals cut off the last frame, and some do not remove their delay.
_LARGEST_SHIFT_S = 0.1
_STEPS_PER_UNIT = 1 << 15
#: Below, a model is another one than its original, or not as the original was run. A recording
#: of 16 bits alone costs more only below -60 dBFS.
LEAST_SNR_DB = 40.0


@dataclasses.dataclass(frozen=True)
class Parity:
    """Difference of a model's output from the original's.

    Attributes:
        snr_db: power of the original over that of the difference.
        largest: difference of a sample, full scale 1.
        shift_samples: by which the original's output is later than the model's.
        seconds: compared.
    """

    snr_db: float
    largest: float
    shift_samples: int
    seconds: float

    @property
    def is_low(self) -> bool:
        """Whether the output is not that of the original."""
        return not self.snr_db >= LEAST_SNR_DB  # NaN is low

    def __str__(self) -> str:
        """Returns the parity in one line."""
        shift = f", shifted by {self.shift_samples} samples" if self.shift_samples else ""
        return (
            f"SNR {self.snr_db:.1f} dB, largest difference {self.largest:.2e} "
            f"({self.largest * _STEPS_PER_UNIT:.1f} steps of 16 bits), {self.seconds:.1f} s{shift}"
        )


def parity_of(model: EnhancementModel, noisy: Samples, original: Samples) -> Parity:
    """Compares a model with the output of its original, at the best alignment.

    A tenth of a second at both ends is left out: there implementations pad differently.

    Args:
        model: the imported model.
        noisy: `[samples]` at the model's rate.
        original: what the original made of it, `[samples]`.

    Raises:
        AudioError: the recordings are too short, or their lengths differ by more than a tenth
            of a second.
    """
    margin = round(_MARGIN_S * model.sample_rate)
    largest_shift = round(_LARGEST_SHIFT_S * model.sample_rate)
    require_same_length(noisy, original, model.sample_rate)
    ours = enhanced_by(model, noisy)
    shift = _shift(ours, original, largest_shift)
    length = min(len(ours), len(original) - shift)
    inside = np.arange(max(margin, margin - shift), length - margin)
    wanted, difference = original[inside + shift], original[inside + shift] - ours[inside]
    return Parity(
        _snr_db(wanted, difference),
        float(np.abs(difference).max()),
        shift,
        len(inside) / model.sample_rate,
    )


def require_same_length(noisy: Samples, original: Samples, sample_rate: int) -> None:
    """Checks that two recordings can be compared.

    Raises:
        AudioError: they are too short, or their lengths differ by more than a tenth of a second.
    """
    difference = abs(len(noisy) - len(original))
    shortest_s = 4 * _MARGIN_S
    if difference > _LARGEST_SHIFT_S * sample_rate or len(original) < shortest_s * sample_rate:
        raise AudioError(
            "noisy and enhanced recording must have nearly the same length, at least "
            f"{shortest_s} s; received {len(noisy)} and {len(original)} samples."
        )


def enhanced_by(model: EnhancementModel, noisy: Samples) -> Samples:
    """Returns a recording enhanced by the model, time-aligned, `[samples]`."""
    output = enhance_aligned(model, noisy[None], model.latency_samples, model.hop_length)
    return np.asarray(output, np.float32)[0]


def _shift(ours: Samples, original: Samples, largest: int) -> int:
    """Returns the samples by which the original is later, by the highest correlation."""
    correlation = scipy.signal.correlate(original, ours, method="fft")
    shifts = scipy.signal.correlation_lags(len(original), len(ours))
    allowed = np.abs(shifts) <= largest
    return int(shifts[allowed][np.argmax(correlation[allowed])])


def _snr_db(wanted: Samples, difference: Samples) -> float:
    power, error = (float(np.sum(np.square(x, dtype=np.float64))) for x in (wanted, difference))
    return 10 * float(np.log10(max(power, 1e-20) / max(error, 1e-20)))
