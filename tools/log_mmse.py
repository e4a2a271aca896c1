"""Log-MMSE suppressor: an untrained baseline for evaluations.

    python -m tools.log_mmse --noisy_dir=noisy --output_dir=log_mmse
    tfse-evaluate --reference_dir=clean --estimate_dir=log_mmse --output_dir=report

On the fixed mixtures of prepared data, in one table with models; the folder receives
clean/, noisy/, log_mmse/ and metadata.csv:

    python -m tools.log_mmse --data_dir=prepared --output_dir=baseline
    tfse-evaluate --model=lstm_irm,dpcrn_small --reference_dir=baseline/clean \\
      --noisy_dir=baseline/noisy --estimate_dir=baseline/log_mmse \\
      --metadata=baseline/metadata.csv --output_dir=report

The gain is the minimum mean-square error estimate of the log spectral amplitude; the
a-priori ratio is decision-directed; the noise is tracked by the probability that
speech is present, which follows changing noise faster than minima of the power do.

Sources:
    Ephraim and Malah, "Speech enhancement using a minimum mean-square error
    log-spectral amplitude estimator", IEEE TASSP 33(2), 1985.
    Gerkmann and Hendriks, "Unbiased MMSE-based noise power estimation with low
    complexity and low tracking delay", IEEE TASLP 20(4), 2012.
"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np
import numpy.typing as npt
import scipy.signal
import scipy.special
import soundfile

from tfse import csv_rows
from tfse.data.config import DataConfig
from tfse.evaluation.sources.metadata_file import COLUMNS, GROUPS
from tfse.evaluation.sources.mixture_source import MixtureSource, sample_rate_of
from tfse.evaluation.sources.recordings import Sound

Array = npt.NDArray[np.float64]

FRAME_S, OVERLAP = 0.032, 0.75
# Ephraim and Malah's weight of the last frame, and a floor against musical noise.
SMOOTHING = 0.98
SMALLEST_PRIOR = 10 ** (-25 / 10)
SMALLEST_GAIN = 10 ** (-20 / 20)
# Gerkmann and Hendriks, section III: ratio expected under speech, smoothing of the
# noise power and of the probability, and the limit of the latter.
RATIO_IF_SPEECH = 10 ** (15 / 10)
NOISE_SMOOTHING, PROBABILITY_SMOOTHING = 0.8, 0.9
PROBABILITY_MAX = 0.99
# Frames at the beginning that are taken as noise.
FIRST_FRAMES = 5
TINY = 1e-12


def log_mmse(noisy: Array, sample_rate: int) -> Array:
    """Returns a recording with reduced noise.

    Args:
        noisy: the recording.
        sample_rate: in Hz.

    Shapes:
        [samples] -> [samples]
    """
    frame = round(FRAME_S * sample_rate)
    settings = {"nperseg": frame, "noverlap": round(OVERLAP * frame), "window": "hann"}
    _, _, spectrum = scipy.signal.stft(noisy, sample_rate, **settings)
    power = np.abs(spectrum) ** 2 + TINY
    gains = np.stack(_gains(power.T), axis=1)
    _, enhanced = scipy.signal.istft(gains * spectrum, sample_rate, **settings)
    return np.asarray(enhanced[: noisy.size])


def _gains(frames: Array) -> list[Array]:
    """Returns the gain of every frame of powers, `[frames, bins]`."""
    noise = frames[:FIRST_FRAMES].mean(axis=0)
    presence = np.full(frames.shape[1], 0.5)
    clean = np.zeros(frames.shape[1])
    gains = []
    for power in frames:
        noise, presence = track_noise(power, noise, presence)
        posterior = np.minimum(power / noise, 1e3)
        prior = SMOOTHING * clean / noise + (1 - SMOOTHING) * np.maximum(posterior - 1, 0)
        gain = log_amplitude_gain(np.maximum(prior, SMALLEST_PRIOR), posterior)
        clean = gain**2 * power
        gains.append(np.maximum(gain, SMALLEST_GAIN))
    return gains


def log_amplitude_gain(prior: Array, posterior: Array) -> Array:
    """Returns xi / (1 + xi) exp(E1(v) / 2), v = gamma xi / (1 + xi); equation 20 of 1985.

    Args:
        prior: xi, ratio of the powers of speech and noise.
        posterior: gamma, ratio of the powers of the frame and of noise.
    """
    wiener = prior / (1 + prior)
    exponent = np.maximum(posterior * wiener, 1e-8)
    return np.asarray(wiener * np.exp(0.5 * scipy.special.exp1(exponent)))


def track_noise(power: Array, noise: Array, presence: Array) -> tuple[Array, Array]:
    """Returns the noise power after a frame, and the smoothed probability of speech.

    Args:
        power: of the frame, `[bins]`.
        noise: power so far, `[bins]`.
        presence: smoothed probability so far, `[bins]`.
    """
    exponent = np.minimum(power / noise * RATIO_IF_SPEECH / (1 + RATIO_IF_SPEECH), 200)
    probability = 1 / (1 + (1 + RATIO_IF_SPEECH) * np.exp(-exponent))
    presence = PROBABILITY_SMOOTHING * presence + (1 - PROBABILITY_SMOOTHING) * probability
    stuck = presence > PROBABILITY_MAX
    probability = np.where(stuck, np.minimum(probability, PROBABILITY_MAX), probability)
    periodogram = probability * noise + (1 - probability) * power
    return NOISE_SMOOTHING * noise + (1 - NOISE_SMOOTHING) * periodogram, presence


def enhance_folder(noisy: pathlib.Path, output: pathlib.Path) -> None:
    """Enhances every file of a folder."""
    output.mkdir(parents=True, exist_ok=True)
    for path in sorted(noisy.iterdir()):
        samples, sample_rate = soundfile.read(path)
        # Float, so that rounding does not influence the metrics.
        enhanced = log_mmse(samples, sample_rate)
        soundfile.write(output / f"{path.stem}.wav", enhanced, sample_rate, subtype="FLOAT")


def write_mixtures(source: MixtureSource, output: pathlib.Path) -> None:
    """Writes mixtures for tfse-evaluate: clean/, noisy/ and metadata.csv."""
    rows = []
    for recording in source.recordings(range(source.count)):
        name = recording.file.replace("/", "-")
        for kind, sound in (("clean", recording.reference), ("noisy", recording.noisy)):
            assert isinstance(sound, Sound)
            path = output / kind / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, sound.samples, sound.sample_rate, subtype="FLOAT")
        facts = recording.facts
        snr_db = "" if facts.snr_db is None else facts.snr_db
        groups = [getattr(facts, group) for group in GROUPS]
        rows.append([name, snr_db, facts.noise, "yes" if facts.reverberant else "no", *groups])
    (output / "metadata.csv").write_bytes(csv_rows.encode([COLUMNS, *rows]))


def main() -> None:
    """Enhances a folder, or mixtures that it writes first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--noisy_dir", type=pathlib.Path, help="mono recordings")
    what.add_argument("--data_dir", type=pathlib.Path, help="output folder of tfse-prepare")
    parser.add_argument("--output_dir", required=True, type=pathlib.Path)
    parser.add_argument("--split", choices=["test", "valid"], default="test")
    parser.add_argument("--count", type=int, default=200, help="mixtures")
    for field in ("segment_s", "snr_db_max", "reverb_probability"):
        default = getattr(DataConfig(), field)
        parser.add_argument(f"--{field}", type=float, default=default, help="of the mixtures")
    given = parser.parse_args()
    if given.noisy_dir:
        enhance_folder(given.noisy_dir, given.output_dir)
        return
    config = DataConfig(
        sample_rate=sample_rate_of(given.data_dir),
        clean_probability=0.0,
        segment_s=given.segment_s,
        snr_db_max=given.snr_db_max,
        reverb_probability=given.reverb_probability,
    )
    source = MixtureSource(given.data_dir, config, given.split, given.count)
    write_mixtures(source, given.output_dir)
    enhance_folder(given.output_dir / "noisy", given.output_dir / "log_mmse")


if __name__ == "__main__":
    main()
