"""The metrics of a report: their names, units, and which way is better."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Measure:
    """One metric as a reader meets it.

    Attributes:
        name: in JSON and CSV.
        label: in tables and plots.
        better: 1 where higher is better, -1 where lower is, 0 where neither is.
        digits: behind the point.
        meaning: one line.
    """

    name: str
    label: str
    better: int
    digits: int
    meaning: str

    @property
    def short(self) -> str:
        """The label where there is little room; narrow-band PESQ keeps its full name."""
        return "PESQ" if self.name == "pesq_wb" else self.label.removesuffix(" dB")


#: Seconds that the processor works a second of audio; the one metric that is a time.
REAL_TIME_FACTOR = "real_time_factor"

_MEASURES = (
    Measure("pesq_wb", "PESQ wide-band", 1, 3, "ITU-T P.862.2, MOS-LQO, at 16 kHz"),
    Measure("pesq_nb", "PESQ narrow-band", 1, 3, "ITU-T P.862, MOS-LQO; not comparable with wide"),
    Measure("stoi", "STOI", 1, 3, "short-time objective intelligibility, 0 to 1"),
    Measure("estoi", "ESTOI", 1, 3, "extended STOI, 0 to 1"),
    Measure("si_sdr_db", "SI-SDR dB", 1, 2, "scale-invariant signal-to-distortion ratio"),
    Measure("si_sdr_improvement_db", "SI-SDR improvement dB", 1, 2, "SI-SDR less that of noisy"),
    Measure("snr_db", "SNR dB", 1, 2, "signal-to-noise ratio; a wrong level counts as noise"),
    Measure("segmental_snr_db", "segmental SNR dB", 1, 2, "mean over frames, -10 to 35 dB"),
    Measure("log_spectral_distance_db", "LSD dB", -1, 2, "log-spectral distance"),
    Measure("csig", "CSIG", 1, 3, "Hu and Loizou 2008: distortion of speech, 1 to 5"),
    Measure("cbak", "CBAK", 1, 3, "Hu and Loizou 2008: intrusion of background, 1 to 5"),
    Measure("covl", "COVL", 1, 3, "Hu and Loizou 2008: overall, 1 to 5"),
    Measure("level_change_db", "level to clean dB", 0, 2, "RMS against the clean reference"),
    Measure("level_change_from_noisy_db", "level to noisy dB", 0, 2, "RMS against noisy"),
    Measure("share_of_zeros", "exact zeros", 0, 4, "share of samples that are exactly 0"),
    Measure("share_of_clipped", "clipped", -1, 4, "share of samples at or beyond full scale"),
    Measure(
        REAL_TIME_FACTOR, "real-time factor", -1, 4, "processor time a second of audio, one thread"
    ),
)
KNOWN = {measure.name: measure for measure in _MEASURES}
#: What is compared first.
PRINCIPAL = ("pesq_wb", "stoi", "si_sdr_db")


def measure_of(name: str) -> Measure:
    """Returns what is known of a metric; a score of a given file is taken as better if higher."""
    return KNOWN.get(name) or Measure(name, name.replace("_", " "), 1, 3, "score of a given file")


def in_order(names: set[str]) -> list[str]:
    """Returns names as a report lists them: known ones first."""
    return [name for name in KNOWN if name in names] + sorted(names - set(KNOWN))
