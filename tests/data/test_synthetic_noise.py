"""Synthetic noise: every kind has the spectrum and the envelope that it should have."""

from __future__ import annotations

import math
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.signal
import tensorflow as tf

from tests.data.corpus import RATE
from tests.data.test_augmentation import varied
from tests.data.test_mixer import db, mixtures, table
from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.data.synthetic_noise import SyntheticNoise
from tfse.errors import ConfigError

MAKER = SyntheticNoise(RATE)
LENGTH = 2 * RATE
KINDS = ("tone", "sweep", "hum", "band", "clicks", "envelope", "__call__")


def several(name: str, count: int = 24, length: int = LENGTH, rate: int = RATE) -> np.ndarray:
    """Returns waveforms of one kind, [count, length]; the graph is traced once."""
    make: Callable[..., Any] = getattr(SyntheticNoise(rate), name)
    traced = tf.function(lambda seed: make(seed, tf.constant(length)))
    return np.stack([traced(tf.constant([seed, 7], tf.int64)).numpy() for seed in range(count)])


def power(audio: np.ndarray) -> np.ndarray:
    return np.abs(np.fft.rfft(audio * np.hanning(audio.shape[-1]))) ** 2


@pytest.mark.parametrize("name", KINDS)
def test_a_seed_makes_one_noise_and_another_another(name: str) -> None:
    first, again = several(name, 12), several(name, 12)
    np.testing.assert_array_equal(first, again)
    # Envelopes may be steady.
    assert len({row.tobytes() for row in first}) > (5 if name == "envelope" else 11)


@pytest.mark.parametrize("length", [1, 37, 799, 4001, 7 * RATE])
@pytest.mark.parametrize("name", KINDS)
def test_every_length_is_finite_and_not_silent(name: str, length: int) -> None:
    rows = several(name, 12, length)
    assert rows.shape == (12, length)
    assert rows.dtype == np.float32
    assert np.isfinite(rows).all()
    assert np.abs(rows).max() < 10
    if length > 4000:
        assert np.sqrt(np.mean(rows**2.0, axis=1)).min() > 1e-3


@pytest.mark.parametrize("rate", [8000, 48000])
def test_other_rates_are_supported(rate: int) -> None:
    rows = several("__call__", 24, rate, rate)
    assert np.isfinite(rows).all()
    assert np.abs(rows).max(axis=1).min() > 0


def test_a_tone_has_its_energy_in_a_narrow_band() -> None:
    places = []
    for tone in several("tone"):
        spectrum = power(tone)
        peak = int(np.argmax(spectrum))
        hz = peak / 2
        # A wobble of 5 % to either side, and the window.
        reach = math.ceil(2 * (0.12 * hz + 20))
        near = spectrum[max(peak - reach, 0) : peak + reach + 1].sum()
        assert near > 0.99 * spectrum.sum()
        places.append(hz)
    assert min(places) < 300
    assert max(places) > 3000


def test_half_of_the_tones_are_steady() -> None:
    widths = []
    for tone in several("tone", 60):
        spectrum = power(tone)
        peak = int(np.argmax(spectrum))
        widths.append(spectrum[max(peak - 3, 0) : peak + 4].sum() / spectrum.sum())
    steady = np.sum(np.array(widths) > 0.999)
    assert 18 <= steady <= 48


def test_sweeps_glide_through_the_spectrum_at_one_frequency_at_a_time() -> None:
    ranges = []
    for sweep in several("sweep"):
        hz, _, image = scipy.signal.stft(sweep, RATE, nperseg=256)
        energy = np.abs(image[:, 4:-4]) ** 2
        ridge = hz[np.argmax(energy, axis=0)]
        assert ridge.max() < 8000
        ranges.append(ridge.max() / max(ridge.min(), 31.0))
        assert sweep.std() == pytest.approx(2**-0.5, abs=0.02)
    assert np.median(ranges) > 2


def test_hum_is_a_row_of_harmonics_that_fall() -> None:
    for hum in several("hum"):
        spectrum = power(hum)
        low = spectrum[: 2 * 400 + 20]
        assert low.sum() > 0.02 * spectrum.sum()
        # Nothing below the lowest fundamental, less above 4 kHz than below.
        assert spectrum[: 2 * 35].sum() < 1e-3 * spectrum.sum()
        assert spectrum[2 * 4000 :].sum() < 0.5 * spectrum.sum()


def test_a_steady_hum_has_energy_at_multiples_alone() -> None:
    found = 0
    for hum in several("hum", 40):
        spectrum = power(hum)
        peaks, _ = scipy.signal.find_peaks(spectrum, 1e-6 * spectrum.max())
        # Steady: lines as narrow as the window lets them be.
        gaps = np.diff(peaks)
        gaps = gaps[gaps > 20]
        if gaps.size < 5 or np.ptp(gaps) > 3:
            continue
        found += 1
        assert 2 * 44 <= np.median(gaps) <= 2 * 402
    assert found >= 5


def test_bands_of_noise_are_where_they_were_drawn() -> None:
    asked = [(1000.0, 1072.0), (100.0, 200.0), (20.0, 8000.0), (4000.0, 7000.0)]
    for number, (low, high) in enumerate(asked):
        seed = tf.constant([number, 1], tf.int64)
        noise = MAKER._band_noise(seed, LENGTH, tf.constant(low), tf.constant(high)).numpy()
        spectrum = power(noise)
        hz = np.arange(spectrum.size) / 2
        inside = (hz > 0.98 * low - 4) & (hz < 1.02 * high + 4)
        assert spectrum[inside].sum() > 0.999 * spectrum.sum()
        assert noise.std() == pytest.approx(1.0, rel=0.25)
    kurtosis = np.mean(noise**4.0) / np.mean(noise**2.0) ** 2
    assert kurtosis == pytest.approx(3.0, abs=0.2), "Gaussian"


def test_bands_are_of_every_width() -> None:
    spectra = np.array([power(noise) for noise in several("band", 60)])
    shares = np.cumsum(spectra, axis=1) / spectra.sum(axis=1, keepdims=True)
    low, high = ((np.argmax(shares > share, axis=1) + 1) / 2 for share in (0.05, 0.95))
    octaves = np.log2(high / low)
    assert octaves.min() < 0.3
    assert octaves.max() > 3


def test_clicks_come_one_to_thirty_times_per_second_and_die_away() -> None:
    counts, regular = [], 0
    for train in several("clicks", 60, 4 * RATE):
        envelope = np.abs(train) > 0.05
        starts = np.flatnonzero(np.diff(np.concatenate([[0.0], envelope])) > 0)
        # Crossings of one ringing click belong together.
        onsets = starts[np.diff(starts, prepend=-RATE) > 0.03 * RATE]
        counts.append(len(onsets))
        gaps = np.diff(onsets)
        regular += bool(gaps.size > 2 and np.ptp(gaps) < 0.002 * RATE)
    assert min(counts) >= 1
    assert max(counts) <= 4 * 45
    assert 5 <= regular <= 45


def test_envelopes_are_smooth_and_of_every_kind() -> None:
    rows = several("envelope", 60)
    assert rows.min() >= 0
    assert rows.max() <= 1
    # The steepest ramp lasts 5 ms, and its middle is half as steep again.
    assert np.abs(np.diff(rows)).max() < 1.6 / (0.005 * RATE)
    steady = (rows == 1).all(axis=1)
    gaps = (rows == 0).mean(axis=1) > 0.1
    assert 5 <= steady.sum() <= 28
    assert gaps.sum() >= 10
    assert (~steady & ~gaps).sum() >= 5


def test_synthetic_noise_says_what_it_is_where_it_is_alone(prepared: pathlib.Path) -> None:
    batch = varied(prepared, synthetic_probability=1.0, synthetic_alone_probability=1.0)
    assert set(batch["kind"]) == {b"synthetic"}
    clean, noise = (np.mean(batch[name] ** 2.0, axis=1) for name in ("clean", "noise"))
    np.testing.assert_allclose(db(clean / noise), batch["snr_db"], atol=0.01)


def test_synthetic_noise_comes_with_its_probabilities(prepared: pathlib.Path) -> None:
    plain = mixtures(prepared, 40)
    some = varied(prepared, 40, synthetic_probability=0.5, synthetic_alone_probability=0.5)
    alone = some["kind"] == b"synthetic"
    same = np.array(
        [np.array_equal(a, b) for a, b in zip(plain["noisy"], some["noisy"], strict=True)]
    )
    # A half, a quarter and a quarter, give or take three standard deviations.
    assert 11 <= same.sum() <= 29
    assert 2 <= alone.sum() <= 18
    assert 2 <= (~alone & ~same).sum() <= 18
    np.testing.assert_array_equal(some["kind"][~alone], plain["kind"][~alone])


def test_with_recorded_noise_it_is_louder_or_quieter_within_its_limits(
    prepared: pathlib.Path,
) -> None:
    both = {"synthetic_probability": 1.0, "synthetic_alone_probability": 0.0}
    one = mixtures(prepared)
    two = varied(prepared, **both, synthetic_db=10.0)
    kinds = set(table(prepared, "noise").kinds.numpy())
    assert set(two["kind"]) <= kinds
    np.testing.assert_allclose(two["snr_db"], one["snr_db"], atol=0.01)
    shares = np.array(
        [
            (first @ second) ** 2 / ((first @ first) * (second @ second))
            for first, second in zip(one["noise"], two["noise"], strict=True)
        ]
    )
    # The recorded part has 1 / (1 + r) of the power, r from -10 to 10 dB.
    assert 0.07 < shares.min() < 0.35
    assert 0.65 < shares.max() < 0.93


def test_without_a_probability_nothing_changes(prepared: pathlib.Path) -> None:
    plain = mixtures(prepared)
    other = varied(prepared, synthetic_alone_probability=1.0, synthetic_db=3.0)
    for name, values in plain.items():
        np.testing.assert_array_equal(other[name], values)


@pytest.mark.parametrize("name", ["synthetic_probability", "synthetic_alone_probability"])
def test_a_probability_out_of_its_range_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"`augmentation.{name}` must lie in \[0, 1\]"):
        DataConfig(augmentation=AugmentationConfig(**{name: 1.5})).validate()
