"""Audible artefacts of enhanced mixtures: spectrograms before and after, and measurements.

    python -m benchmarks.listening --model=dpcrn_small --data_dir=prepared --output_dir=look

draws spectrograms of the noisy, enhanced and clean mixtures with the numbers --mixtures,
and prints a row for each:

pauses: level of the output minus that of the noisy mixture in pauses of the speech, dB.
zeros: share of samples that are exactly 0; a gate produces many.
kurtosis: ratio of the kurtosis of the powers of all bins in pauses, after to before.
    Above 1 the residual has isolated peaks, which are audible as musical noise (Uemura et
    al., "Automatic optimization scheme of spectral subtraction based on musical noise
    assessment via higher-order statistics", IWAENC 2008). Faint speech that emerges from
    the noise raises it too: see the spectrogram.
endings: level of the output minus that of the clean speech, dB, in frames 20 to 40 dB
    below the loudest that are followed by fainter ones; the median. Far below 0, ends
    of words are cut.
"""

from __future__ import annotations

import argparse
import pathlib
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.signal
import scipy.stats
from PIL import Image

import tfse
from benchmarks.table import print_header, print_row
from tfse import metrics
from tfse.data.config import DataConfig
from tfse.evaluation.sources.mixture_source import MixtureSource, sample_rate_of
from tfse.evaluation.sources.recordings import read
from tfse.picture import draw_waveforms

FRAME_S = 0.032
# A frame this far below the loudest is a pause.
PAUSE_DB = -40.0
ENDING_DB = (-40.0, -20.0)
COLUMNS = (
    *("mixture", "noise", "SNR dB", "room", "PESQ", "STOI"),
    *("pauses dB", "zeros", "kurtosis", "endings dB"),
)
TINY = 1e-12
Array = npt.NDArray[Any]


def main() -> None:
    """Draws and measures every mixture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--output_dir", required=True, type=pathlib.Path)
    parser.add_argument("--split", choices=["test", "valid"], default="test")
    parser.add_argument("--snr_db_max", type=float, default=15.0)
    parser.add_argument("--mixtures", default="10,50,90,130,170", help="their numbers, from 0")
    arguments = parser.parse_args()
    numbers = [int(number) for number in arguments.mixtures.split(",")]
    rate = sample_rate_of(arguments.data_dir)
    config = DataConfig(sample_rate=rate, clean_probability=0.0, snr_db_max=arguments.snr_db_max)
    source = MixtureSource(arguments.data_dir, config, arguments.split, max(numbers) + 1)
    arguments.output_dir.mkdir(parents=True, exist_ok=True)
    print_header(COLUMNS, text=2)
    for recording in source.recordings(numbers):
        assert recording.noisy is not None
        clean, noisy = (read(sound).samples for sound in (recording.reference, recording.noisy))
        enhanced = tfse.enhance(noisy, rate, arguments.model)
        facts = recording.facts
        snr = "" if facts.snr_db is None else f"{facts.snr_db:.1f}"
        words = [f"{facts.noise}", snr, "yes" if facts.reverberant else "no"]
        pesq, stoi = (
            f"{metric(clean, noisy, rate):.2f} to {metric(clean, enhanced, rate):.2f}"
            for metric in (metrics.pesq, metrics.stoi)
        )
        values = [f"{value:.2f}" for value in artefacts(clean, noisy, enhanced, rate)]
        print_row(recording.index, *words, pesq, stoi, *values)
        picture = arguments.output_dir / f"{recording.index}.png"
        draw_waveforms(
            {"noisy": noisy, "enhanced": enhanced, "clean": clean},
            rate,
            picture,
            f"{recording.file}: {words[0]} at {snr} dB{', in a room' * bool(facts.reverberant)}",
        )
        # 256 colours are enough, at a third of the size.
        Image.open(picture).convert("RGB").quantize(256).save(picture, optimize=True)


def artefacts(clean: Array, noisy: Array, enhanced: Array, rate: int) -> list[float]:
    """Returns pauses, zeros, kurtosis and endings; NaN without pauses.

    Shapes:
        [samples] each
    """
    powers = {
        name: _powers(samples, rate)
        for name, samples in (("clean", clean), ("noisy", noisy), ("enhanced", enhanced))
    }
    levels = {name: _db(power.mean(axis=0)) for name, power in powers.items()}
    below = levels["clean"] - levels["clean"].max()
    pause = below < PAUSE_DB
    fainter = np.append(below[1:] < below[:-1], False)
    ending = fainter & (below > ENDING_DB[0]) & (below < ENDING_DB[1])
    pauses = kurtosis = np.nan
    if pause.any():
        means = {name: power[:, pause].mean() for name, power in powers.items()}
        pauses = float(_db(means["enhanced"]) - _db(means["noisy"]))
        after, before = (_kurtosis(powers[name][:, pause]) for name in ("enhanced", "noisy"))
        kurtosis = after / before
    cut = levels["enhanced"][ending] - levels["clean"][ending]
    endings = float(np.median(cut)) if cut.size else np.nan
    return [pauses, metrics.share_of_zeros(enhanced), kurtosis, endings]


def _powers(samples: Array, rate: int) -> Array:
    frame = round(FRAME_S * rate)
    _, _, spectrum = scipy.signal.stft(samples, rate, nperseg=frame, noverlap=frame // 2)
    return np.asarray(np.abs(spectrum) ** 2, np.float64)


def _kurtosis(powers: Array) -> float:
    """Returns the median over bins of the kurtosis over time, each bin scaled by its mean."""
    scaled = powers / (powers.mean(axis=1, keepdims=True) + TINY)
    return float(np.median(scipy.stats.kurtosis(scaled, axis=1, fisher=False)))


def _db(power: Any) -> Any:
    return 10 * np.log10(power + TINY)


if __name__ == "__main__":
    main()
