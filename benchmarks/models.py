"""Cost of models, and loss of their TFLite files, on validation mixtures.

    python -m benchmarks.models --models=imported/gtcrn.keras,dpcrn_small --data_dir=prepared

First table, per model: parameters, multiply-accumulates per second, delay of the output,
largest difference of a stream from the offline model, and change of PESQ and SI-SDR against
noisy. Second table, per model and number format: size, operations, median ms per step with one
thread, real-time factor, SNR of the output relative to the float model, and loss of PESQ and
SI-SDR against it. The mixtures have 16 kHz; a model of another rate receives them resampled, as
with `tfse-enhance`. A name of `configs/` without shipped weights is a model with random weights.
"""

from __future__ import annotations

import argparse
import pathlib
import tempfile
from collections.abc import Sequence

import numpy as np
import soxr

import tfse
from benchmarks.equality import offline, streamed
from benchmarks.step_time import Stepping, model_of
from benchmarks.table import print_header, print_row
from tfse import metrics
from tfse.data.config import DataConfig
from tfse.exporting import calibration
from tfse.exporting.inspection import operations
from tfse.exporting.number_formats import FORMATS
from tfse.exporting.tflite import export_tflite
from tfse.exporting.verification import recordings
from tfse.exporting.verification.verify import Pair
from tfse.layers.streaming import offline_reason
from tfse.models import EnhancementModel
from tfse.models.cost import multiply_accumulates
from tfse.streaming import Step, open_step
from tfse.streaming.steps.tflite import TFLiteStep
from tfse.types import Samples

RATE = 16_000
CALIBRATION_COUNT = 40
STEPS = 500
CHUNK = 4_097
MODEL_COLUMNS = (
    "model",
    "parameters",
    "MMAC/s",
    "delay ms",
    "stream against file",
    "PESQ",
    "SI-SDR dB",
)
FORMAT_COLUMNS = (
    "model",
    "format",
    "size MB",
    "operations",
    "ms per step",
    "real-time factor",
    "SNR dB",
    "PESQ",
    "SI-SDR dB",
)


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", required=True, help="names or .keras files")
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--count", type=int, default=50, help="validation mixtures")
    parser.add_argument("--formats", default=",".join(FORMATS))
    arguments = parser.parse_args()
    pairs, _ = recordings.from_prepared(arguments.data_dir, RATE, arguments.count)
    noisy = calibration_mixtures(arguments.data_dir)
    models = [opened(name) for name in arguments.models.split(",")]
    print_header(MODEL_COLUMNS)
    floats = [measure_model(model, pairs) for model in models]
    print()
    print_header(FORMAT_COLUMNS, text=2)
    for model, enhanced in zip(models, floats, strict=True):
        measure_formats(model, arguments.formats.split(","), pairs, enhanced, noisy)


def opened(name: str) -> EnhancementModel:
    """Returns a shipped model or that of a file, or else the model of a config."""
    is_trained = name.endswith(".keras") or name in tfse.pretrained_names()
    return tfse.load(name) if is_trained else model_of(name)


def calibration_mixtures(data_dir: str) -> list[Samples]:
    """Returns training mixtures with which the formats of fixed ranges are calibrated."""
    settings = calibration.served_by(data_dir, DataConfig(sample_rate=RATE), "train")
    return calibration.training_mixtures(data_dir, settings.config, CALIBRATION_COUNT)


def measure_model(model: EnhancementModel, pairs: Sequence[Pair]) -> list[Samples]:
    """Prints the row of a model, and returns its output for every mixture."""
    step = open_step(model)
    enhanced = [tfse.enhance(pair.noisy, RATE, step) for pair in pairs]
    streams = not offline_reason(model)
    hops_per_s = model.sample_rate / model.hop_length
    print_row(
        model.name,
        f"{model.count_params():,}",
        f"{multiply_accumulates(model) * hops_per_s / 1e6:.0f}",
        f"{1e3 * model.latency_samples / model.sample_rate:.1f}",
        f"{stream_difference(model, step, pairs[0].noisy):.1e}" if streams else "recordings only",
        *changes(pairs, [pair.noisy for pair in pairs], enhanced),
    )
    return enhanced


def stream_difference(model: EnhancementModel, step: Step, noisy: Samples) -> float:
    """Returns the largest difference of a stream in chunks from the model in one call."""
    samples = soxr.resample(noisy, RATE, model.sample_rate)
    wanted = offline(model, samples)
    return float(np.abs(streamed(step, samples, CHUNK) - wanted).max())


def measure_formats(
    model: EnhancementModel,
    formats: Sequence[str],
    pairs: Sequence[Pair],
    wanted: Sequence[Samples],
    noisy: Sequence[Samples],
) -> None:
    """Prints one row per number format of a model that can stream."""
    if offline_reason(model):
        return
    signals = [soxr.resample(samples, RATE, model.sample_rate) for samples in noisy]
    with tempfile.TemporaryDirectory() as folder:
        for outcome in export_tflite(model, folder, formats, calibration=signals):
            if outcome.reason:
                print_row(model.name, outcome.number_format, outcome.reason)
                continue
            step = TFLiteStep(outcome.path)
            enhanced = [tfse.enhance(pair.noisy, RATE, step) for pair in pairs]
            print_row(
                model.name,
                outcome.number_format,
                *cost_cells(outcome.path, step),
                f"{snr_db(wanted, enhanced):.1f}",
                *changes(pairs, wanted, enhanced),
            )


def cost_cells(path: pathlib.Path, step: Step) -> tuple[str, ...]:
    """Returns size, operations, ms per step and real-time factor of a file."""
    seconds = step_seconds(step)
    return (
        f"{path.stat().st_size / 1e6:.2f}",
        str(sum(operations(path).values())),
        f"{1e3 * seconds:.3f}",
        f"{seconds * step.sample_rate / step.hop_length:.4f}",
    )


def step_seconds(step: Step) -> float:
    """Returns the median time of a step on noise."""
    stepping = Stepping(step)
    for _ in range(STEPS):
        stepping.timed()
    return stepping.median()


def changes(
    pairs: Sequence[Pair], before: Sequence[Samples], after: Sequence[Samples]
) -> tuple[str, str]:
    """Returns the mean changes of PESQ and SI-SDR; mixtures without speech are left out."""
    rows = []
    for pair, one, other in zip(pairs, before, after, strict=True):
        if pair.clean is None:
            continue
        try:
            rows.append(
                [
                    metric(pair.clean, other, RATE) - metric(pair.clean, one, RATE)
                    for metric in (metrics.pesq, _si_sdr_db)
                ]
            )
        except metrics.MetricUndefined:
            continue
    pesq, si_sdr_db = np.mean(rows, axis=0)
    return f"{pesq:+.3f}", f"{si_sdr_db:+.2f}"


def _si_sdr_db(clean: Samples, estimate: Samples, sample_rate: int) -> float:
    return metrics.si_sdr(clean, estimate)


def snr_db(wanted: Sequence[Samples], enhanced: Sequence[Samples]) -> float:
    """Returns the SNR of all outputs together relative to those of the float model."""
    one, other = np.concatenate(wanted), np.concatenate(enhanced)
    error = np.sum(np.square(other - one, dtype=np.float64))
    return float(10 * np.log10(np.sum(np.square(one, dtype=np.float64)) / max(error, 1e-30)))


if __name__ == "__main__":
    main()
