"""Registry of metrics: name, label, unit, direction, digits and function of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from tfse.metrics.intelligibility import stoi
from tfse.metrics.levels import level_change_db, share_of_zeros
from tfse.metrics.quality import pesq
from tfse.metrics.ratios import segmental_snr, si_sdr, snr
from tfse.metrics.spectral import log_spectral_distance
from tfse.metrics.validation import Waveform

#: From reference, estimate and sample rate in Hz to the value.
Function = Callable[[Waveform, Waveform, int], float]


@dataclasses.dataclass(frozen=True)
class Metric:
    """Metric: its function and its presentation in reports.

    Attributes:
        name: in JSON and CSV.
        label: in tables and plots, without the unit.
        unit: "dB", or "" without a unit.
        better: 1 where higher is better, -1 where lower is, 0 where neither is.
        digits: after the decimal point.
        meaning: description in one line.
        function: None for metrics that need more than a pair: the noisy recording, other
            metrics, or the processor time.
    """

    name: str
    label: str
    unit: str
    better: int
    digits: int
    meaning: str
    function: Function | None = None

    @property
    def title(self) -> str:
        """The label with its unit."""
        return f"{self.label} {self.unit}".rstrip()

    @property
    def short(self) -> str:
        """Short label; that of narrow-band PESQ stays complete."""
        return "PESQ" if self.name == "pesq_wb" else self.label


#: Processor seconds per second of audio; the only metric of time.
REAL_TIME_FACTOR = "real_time_factor"
#: The metrics that are compared first.
PRINCIPAL = ("pesq_wb", "stoi", "si_sdr_db")

_METRICS = (
    Metric("pesq_wb", "PESQ wide-band", "", 1, 3, "ITU-T P.862.2, MOS-LQO, at 16 kHz", pesq),
    Metric(
        "pesq_nb",
        "PESQ narrow-band",
        "",
        1,
        3,
        "ITU-T P.862, MOS-LQO; not comparable with wide-band",
        lambda reference, estimate, rate: pesq(reference, estimate, rate, "nb"),
    ),
    Metric("stoi", "STOI", "", 1, 3, "short-time objective intelligibility, 0 to 1", stoi),
    Metric(
        "estoi",
        "ESTOI",
        "",
        1,
        3,
        "extended STOI, 0 to 1",
        lambda reference, estimate, rate: stoi(reference, estimate, rate, extended=True),
    ),
    Metric(
        "si_sdr_db",
        "SI-SDR",
        "dB",
        1,
        2,
        "scale-invariant signal-to-distortion ratio",
        lambda reference, estimate, _: si_sdr(reference, estimate),
    ),
    Metric("si_sdr_improvement_db", "SI-SDR improvement", "dB", 1, 2, "SI-SDR less that of noisy"),
    Metric(
        "snr_db",
        "SNR",
        "dB",
        1,
        2,
        "signal-to-noise ratio; a wrong level counts as noise",
        lambda reference, estimate, _: snr(reference, estimate),
    ),
    Metric(
        "segmental_snr_db",
        "segmental SNR",
        "dB",
        1,
        2,
        "mean over frames, -10 to 35 dB",
        segmental_snr,
    ),
    Metric(
        "log_spectral_distance_db",
        "LSD",
        "dB",
        -1,
        2,
        "log-spectral distance",
        log_spectral_distance,
    ),
    Metric("csig", "CSIG", "", 1, 3, "Hu and Loizou 2008: distortion of speech, 1 to 5"),
    Metric("cbak", "CBAK", "", 1, 3, "Hu and Loizou 2008: intrusion of background, 1 to 5"),
    Metric("covl", "COVL", "", 1, 3, "Hu and Loizou 2008: overall, 1 to 5"),
    Metric(
        "level_change_db",
        "level to clean",
        "dB",
        0,
        2,
        "RMS against the clean reference",
        lambda reference, estimate, _: level_change_db(reference, estimate),
    ),
    Metric("level_change_from_noisy_db", "level to noisy", "dB", 0, 2, "RMS against noisy"),
    Metric(
        "share_of_zeros",
        "exact zeros",
        "",
        0,
        4,
        "share of samples that are exactly 0",
        lambda _, estimate, __: share_of_zeros(estimate),
    ),
    Metric("share_of_clipped", "clipped", "", -1, 4, "share of samples at or beyond full scale"),
    Metric(
        REAL_TIME_FACTOR,
        "real-time factor",
        "",
        -1,
        4,
        "processor time per second of audio, one thread",
    ),
)
METRICS = {metric.name: metric for metric in _METRICS}


def metric_of(name: str) -> Metric:
    """Returns a metric by name; an unknown name is a score from a file of the user.

    Higher is assumed to be better for such a score.
    """
    return METRICS.get(name) or Metric(
        name, name.replace("_", " "), "", 1, 3, "score of a given file"
    )


def in_order(names: set[str]) -> list[str]:
    """Returns names in the order of reports, those of the registry first."""
    return [name for name in METRICS if name in names] + sorted(names - set(METRICS))
