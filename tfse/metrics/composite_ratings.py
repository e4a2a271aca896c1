"""Composite ratings: predicted ratings of listeners, from several metrics."""

from __future__ import annotations

from typing import NamedTuple

from tfse.metrics.linear_prediction import log_likelihood_ratio
from tfse.metrics.metric_errors import MetricNotApplicable
from tfse.metrics.quality import pesq
from tfse.metrics.ratios import segmental_snr
from tfse.metrics.spectral_slope import weighted_spectral_slope
from tfse.metrics.validation import Waveform

_SAMPLE_RATE = 16_000


class Composite(NamedTuple):
    """Predicted ratings of ITU-T P.835, each 1 (bad) to 5.

    Attributes:
        csig: how little the speech is distorted.
        cbak: how little the background intrudes.
        covl: overall quality.
    """

    csig: float
    cbak: float
    covl: float


def composite(
    reference: Waveform, estimate: Waveform, sample_rate: int, pesq_wb: float | None = None
) -> Composite:
    """Returns the composite measures CSIG, CBAK and COVL.

    PESQ is the wide-band MOS-LQO, as in most published results at 16 kHz; the authors fitted
    their weights to raw narrow-band PESQ.

    Args:
        reference: clean speech, `[samples]`; full scale is 1.
        estimate: `[samples]`.
        sample_rate: in Hz; 16,000.
        pesq_wb: wide-band `pesq` of the pair, if already computed.

    Returns:
        Three ratings, 1 to 5; higher is better.

    Raises:
        MetricUndefined: PESQ, LLR, WSS or the segmental SNR is undefined for the pair.
        MetricNotApplicable: another sample rate, or too long for PESQ.

    Source:
        Hu and Loizou, "Evaluation of objective quality measures for speech
        enhancement", IEEE TASLP 16(1), 2008.
    """
    if sample_rate != _SAMPLE_RATE:
        raise MetricNotApplicable(f"composite needs {_SAMPLE_RATE} Hz; received {sample_rate}.")
    if pesq_wb is None:
        pesq_wb = pesq(reference, estimate, sample_rate)
    return composite_of(
        pesq_wb=pesq_wb,
        llr=log_likelihood_ratio(reference, estimate, sample_rate),
        wss=weighted_spectral_slope(reference, estimate, sample_rate),
        segmental_snr_db=segmental_snr(reference, estimate, sample_rate),
    )


def composite_of(*, pesq_wb: float, llr: float, wss: float, segmental_snr_db: float) -> Composite:
    """Returns the ratings predicted by four metrics, limited to 1..5."""
    return Composite(
        csig=_rating(3.093 - 1.029 * llr + 0.603 * pesq_wb - 0.009 * wss),
        cbak=_rating(1.634 + 0.478 * pesq_wb - 0.007 * wss + 0.063 * segmental_snr_db),
        covl=_rating(1.594 + 0.805 * pesq_wb - 0.512 * llr - 0.007 * wss),
    )


def _rating(value: float) -> float:
    return min(max(value, 1.0), 5.0)
