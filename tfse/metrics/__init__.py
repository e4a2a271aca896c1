"""Metrics of a reference and an estimate: a value, or the reason why it is undefined."""

from tfse.metrics.composite_ratings import Composite, composite
from tfse.metrics.intelligibility import stoi
from tfse.metrics.levels import level_change_db, share_of_zeros
from tfse.metrics.linear_prediction import log_likelihood_ratio
from tfse.metrics.metric_errors import MetricNotApplicable, MetricUndefined
from tfse.metrics.pair import PairResult, evaluate_pair
from tfse.metrics.quality import pesq
from tfse.metrics.ratios import segmental_snr, si_sdr, si_sdr_improvement, snr
from tfse.metrics.spectral import log_spectral_distance
from tfse.metrics.spectral_slope import weighted_spectral_slope

__all__ = [
    "Composite",
    "MetricNotApplicable",
    "MetricUndefined",
    "PairResult",
    "composite",
    "evaluate_pair",
    "level_change_db",
    "log_likelihood_ratio",
    "log_spectral_distance",
    "pesq",
    "segmental_snr",
    "share_of_zeros",
    "si_sdr",
    "si_sdr_improvement",
    "snr",
    "stoi",
    "weighted_spectral_slope",
]
