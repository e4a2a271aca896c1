"""Augmentation: each variation of the training mixtures."""

from __future__ import annotations

import math
import pathlib
from typing import Any

import numpy as np
import pytest
import scipy.signal
import tensorflow as tf

from tests.data.corpus import RATE
from tests.data.test_mixer import COUNT, db, mixtures, table
from tfse.data.augmentation import Augmentation, companded, resampled
from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.data.pipeline import fixed_dataset, mixture
from tfse.errors import ConfigError

SEED = tf.constant([3, 4], tf.int64)


def varied(prepared: pathlib.Path, count: int = COUNT, **settings: Any) -> dict[str, np.ndarray]:
    changes = {name: settings.pop(name) for name in list(settings) if hasattr(DataConfig, name)}
    return mixtures(prepared, count, augmentation=AugmentationConfig(**settings), **changes)


def tone(hz: float, samples: int = RATE) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(samples) / RATE).astype(np.float32)


def gain_db(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Returns the frequency response between two signals, per bin."""
    return 20 * np.log10(np.abs(np.fft.rfft(after)) / np.abs(np.fft.rfft(before)))


def test_without_probabilities_nothing_changes(prepared: pathlib.Path) -> None:
    plain, other = mixtures(prepared), varied(prepared, speech_speed_max=2.0, equalizer_db=30.0)
    for name, values in plain.items():
        np.testing.assert_array_equal(other[name], values)


ALL = {
    "speed_probability": 0.7,
    "whisper_probability": 0.3,
    "held_sound_probability": 0.3,
    "equalizer_probability": 0.7,
    "second_noise_probability": 0.5,
    "coloured_probability": 0.3,
    "speechless_probability": 0.1,
    "band_limit_probability": 0.3,
    "clip_probability": 0.3,
    "companding_probability": 0.3,
    "second_talker_probability": 0.4,
    "splice_probability": 0.5,
    "splice_silence_probability": 0.3,
}


@pytest.mark.parametrize("changes", [{}, {"whole_utterances": True}])
def test_all_of_them_together_are_finite_whole_and_made_again_from_the_key(
    prepared: pathlib.Path, changes: dict[str, Any]
) -> None:
    config = DataConfig(segment_s=1.0, augmentation=AugmentationConfig(**ALL), **changes)
    (batch,) = fixed_dataset(prepared, config, "train", batch_size=12, count=12)
    for name in ("noisy", "clean", "noise"):
        assert np.isfinite(batch[name]).all()
        assert np.abs(batch[name]).max() <= 2.0
    np.testing.assert_array_equal(batch["noise"], batch["noisy"] - batch["clean"])
    again = mixture(prepared, config, batch["key"][7].numpy().decode())
    length = int(batch["length"][7])
    assert again["noisy"].shape == (length,)
    np.testing.assert_array_equal(again["noisy"], batch["noisy"][7][:length])


def test_validation_is_not_varied(prepared: pathlib.Path) -> None:
    def valid(augmentation: AugmentationConfig) -> np.ndarray:
        config = DataConfig(segment_s=1.0, augmentation=augmentation)
        (batch,) = fixed_dataset(prepared, config, "valid", batch_size=4, count=4)
        return batch["noisy"].numpy()

    every = AugmentationConfig(**dict.fromkeys(ALL, 1.0))
    np.testing.assert_array_equal(valid(every), valid(AugmentationConfig()))


@pytest.mark.parametrize("samples", [800, 1000, 1279, 1600])
def test_resampling_keeps_a_tone_and_moves_its_pitch(samples: int) -> None:
    # Whole periods in the stretch, which is treated as periodic.
    slow = np.cos(2 * np.pi * 20 * np.arange(samples) / samples).astype(np.float32)
    expected = np.cos(2 * np.pi * 20 * np.arange(1000) / 1000)
    np.testing.assert_allclose(resampled(slow, 1000), expected, atol=2e-5)


def test_a_stretch_at_another_speed_does_not_wrap_around() -> None:
    # A sine whose ends do not meet, by another speed and no filter, is still a sine.
    config = AugmentationConfig(speed_probability=1.0, speech_speed_max=1.2)

    def take(length: tf.Tensor) -> tf.Tensor:
        return tf.sin(0.1 * tf.range(length, dtype=tf.float32) + 1.0)

    audio = Augmentation(config, RATE).speech(SEED, 4000, take).numpy()
    # Of a sine, x[n - 1] + x[n + 1] is a multiple of x[n].
    sums = audio[:-2] + audio[2:]
    factor = np.dot(sums, audio[1:-1]) / np.dot(audio[1:-1], audio[1:-1])
    np.testing.assert_allclose(sums, factor * audio[1:-1], atol=2e-3)


def test_filters_bring_nothing_from_one_end_to_the_other() -> None:
    click = np.zeros(48_000, np.float32)
    click[-1] = 1.0
    config = AugmentationConfig(equalizer_probability=1.0, equalizer_db=20.0)
    filtered = Augmentation(config, RATE).equalized(SEED, tf.constant(click)).numpy()
    assert np.abs(filtered[-50:]).max() > 0.3
    assert np.abs(filtered[:100]).max() < 1e-4


def test_faster_speech_is_higher(prepared: pathlib.Path) -> None:
    def pitch_of(audio: np.ndarray) -> float:
        return float(np.argmax(np.abs(np.fft.rfft(audio, 16 * RATE))) / 16)

    def play(seed: int) -> np.ndarray:
        varied = Augmentation(AugmentationConfig(speed_probability=1.0), RATE)
        seeds = tf.constant([seed, 9], tf.int64)
        return varied.speech(seeds, RATE, lambda n: tf.constant(tone(1000.0, 2 * RATE))[:n]).numpy()

    pitches = [pitch_of(play(seed)) for seed in range(12)]
    assert 1000 / 1.16 < min(pitches) < 950
    assert 1050 < max(pitches) < 1160


def test_an_equalizer_is_smooth_and_within_its_limits() -> None:
    # Zeros around it, so that no part of the filter's response is cut off.
    white = tf.pad(tf.random.stateless_normal([RATE // 2], SEED), [[RATE // 4, RATE // 4]])
    config = AugmentationConfig(equalizer_probability=1.0, equalizer_db=3.0)
    responses = []
    for seed in range(8):
        out = Augmentation(config, RATE).equalized(tf.constant([seed, 1], tf.int64), white)
        response = gain_db(white.numpy(), out.numpy())
        assert np.abs(response).max() < 4 * 3.0 + 0.1
        # From one hertz to the next, above the first octaves.
        assert np.abs(np.diff(response[100:])).max() < 0.5
        responses.append(response)
    assert np.std(responses, axis=0)[100:].mean() > 0.5


def test_gaussian_noise_has_a_colour_of_its_own() -> None:
    varied = Augmentation(AugmentationConfig(), RATE)
    spectra = []
    for seed in range(4):
        noise = varied.gaussian(tf.constant([seed, 0], tf.int64), RATE).numpy()
        _, power = scipy.signal.welch(noise, RATE, nperseg=512)
        spectra.append(db(power / power.mean()))
    assert np.std(spectra, axis=0).mean() > 2.0


def test_coloured_noise_says_what_it_is(prepared: pathlib.Path) -> None:
    batch = varied(prepared, coloured_probability=1.0)
    assert set(batch["kind"]) == {b"coloured"}
    clean, noise = (np.mean(batch[name] ** 2.0, axis=1) for name in ("clean", "noise"))
    np.testing.assert_allclose(db(clean / noise), batch["snr_db"], atol=0.01)


def test_a_second_noise_lies_under_the_first(prepared: pathlib.Path) -> None:
    fixed = {"level_dbfs_min": -25.0, "level_dbfs_max": -25.0}
    one = mixtures(prepared, 6, **fixed)
    two = mixtures(
        prepared,
        6,
        augmentation=AugmentationConfig(second_noise_probability=1.0, second_noise_db=10.0),
        **fixed,
    )
    np.testing.assert_array_equal(one["kind"], two["kind"])
    shares = [
        (first @ both) ** 2 / ((first @ first) * (both @ both))
        for first, both in zip(one["noise"], two["noise"], strict=True)
    ]
    # From equally loud to 10 dB below; sometimes both are the same recording.
    assert 0.45 < np.median(shares) < 0.92
    assert max(shares) < 0.999


def test_without_speech_the_target_is_silence(prepared: pathlib.Path) -> None:
    batch = varied(prepared, speechless_probability=1.0)
    assert not batch["clean"].any()
    assert np.all(batch["snr_db"] == -math.inf)
    level = db(np.mean(batch["noisy"] ** 2.0, axis=1))
    np.testing.assert_allclose(level, batch["level_dbfs"], atol=1e-3)
    assert level.min() > -35.001


def test_a_band_limit_cuts_speech_and_noise_alike(prepared: pathlib.Path) -> None:
    batch = varied(prepared, band_limit_probability=1.0, band_limit_hz_min=4000.0)
    for name in ("clean", "noisy"):
        power = np.abs(np.fft.rfft(batch[name])) ** 2
        above = db(power[:, -50:].sum(axis=1) / power.sum(axis=1))
        # The highest cut-off leaves the last 50 Hz, nearly all others do not.
        assert np.median(above) < -80
    low = np.abs(np.fft.rfft(batch["noisy"]))[:, :3900]
    assert db(low**2).mean() > -30
    with pytest.raises(ConfigError, match="band_limit_hz_min` must be at least 1000 Hz"):
        varied(prepared, band_limit_hz_min=10.0)


def test_clipping_cuts_the_noisy_peaks_alone(prepared: pathlib.Path) -> None:
    whole = mixtures(prepared)
    batch = varied(prepared, clip_probability=1.0, clip_at_min=0.3)
    np.testing.assert_array_equal(batch["clean"], whole["clean"])
    peaks = np.abs(batch["noisy"]).max(axis=1) / np.abs(whole["noisy"]).max(axis=1)
    assert np.all((peaks >= 0.3) & (peaks <= 1.0))
    assert np.ptp(peaks) > 0.3
    for before, after in zip(whole["noisy"], batch["noisy"], strict=True):
        limit = np.abs(after).max()
        np.testing.assert_allclose(after, np.clip(before, -limit, limit), atol=1e-7)


def test_companding_is_the_mu_law_of_8_bits() -> None:
    samples = np.linspace(-1, 1, 40001, dtype=np.float32)
    out = companded(tf.constant(samples)).numpy()
    assert len(np.unique(out)) == 255
    np.testing.assert_allclose(out[[0, 20000, -1]], [-1, 0, 1], atol=1e-6)
    # 38 dB, the known SNR of the mu-law, over a wide range of levels.
    for level in (1.0, 0.1, 0.01):
        x = level * tone(440.0)
        error = companded(tf.constant(x)).numpy() - x
        assert 33 < db(np.mean(x**2) / np.mean(error**2)) < 42


def test_a_second_talker_belongs_to_the_target(prepared: pathlib.Path) -> None:
    plain = {"level_dbfs_min": -25.0, "level_dbfs_max": -25.0}
    whole = mixtures(prepared, **plain)
    quieter = {"second_talker_probability": 1.0, "second_talker_db": 0.0}
    batch = varied(prepared, **quieter, **plain)
    ended = 0
    for before, after, ratio_db in zip(
        whole["clean"], batch["clean"], batch["snr_db"], strict=True
    ):
        # The other speaker begins at 70 % at the latest, and is as loud as the first.
        end = slice(3 * before.size // 4, None)
        cosine = after[end] @ before[end] / np.linalg.norm(after[end])
        cosine /= np.linalg.norm(before[end])
        assert abs(cosine) < 0.98
        ended += abs(cosine) < 0.3
        assert ratio_db < 20.001
    assert 0 < ended < len(batch["clean"])


def test_a_far_talker_alone_has_the_snr_that_was_drawn(prepared: pathlib.Path) -> None:
    batch = varied(prepared, second_talker_probability=1.0, second_talker_db=30.0, snr_db_max=-5.0)
    # Half of the first talkers speak on: the ratio is as it was drawn.
    ended = np.abs(batch["snr_db"] + 5.0) > 0.01
    assert 0.2 < np.mean(ended) < 0.8
    # At 75 % the second one speaks alone, with noise all the time.
    end = slice(3 * batch["clean"].shape[1] // 4, None)
    clean, noise = (
        np.mean(batch[name][ended][:, end] ** 2.0, axis=1) for name in ("clean", "noise")
    )
    assert np.median(db(clean / noise)) == pytest.approx(-5.0, abs=4.0)
    assert np.ptp(batch["snr_db"][ended]) > 5.0


@pytest.mark.parametrize("name", ["whisper_probability", "held_sound_probability"])
def test_a_changed_voice_is_that_of_the_target(prepared: pathlib.Path, name: str) -> None:
    plain, batch = varied(prepared), varied(prepared, **{name: 1.0})
    np.testing.assert_allclose(batch["noisy"], batch["clean"] + batch["noise"], atol=1e-6)
    np.testing.assert_array_equal(batch["snr_db"].round(3), plain["snr_db"].round(3))
    ratio = [
        np.sum(one * other) / np.linalg.norm(one) / np.linalg.norm(other)
        for one, other in zip(plain["clean"], batch["clean"], strict=True)
    ]
    assert np.median(np.abs(ratio)) < 0.9
    half = varied(prepared, **{name: 0.5})["clean"]
    is_changed = [not np.array_equal(*pair) for pair in zip(half, plain["clean"], strict=True)]
    assert 0.2 * COUNT < sum(is_changed) < 0.8 * COUNT


def test_without_speech_there_is_no_second_talker(prepared: pathlib.Path) -> None:
    batch = varied(prepared, speechless_probability=1.0, second_talker_probability=1.0)
    assert not batch["clean"].any()


def test_a_splice_puts_another_mixture_before_this_one(prepared: pathlib.Path) -> None:
    whole = mixtures(prepared)
    batch = varied(prepared, splice_probability=1.0, splice_silence_probability=0.0)
    np.testing.assert_array_equal(batch["speaker"], whole["speaker"])
    np.testing.assert_allclose(batch["noisy"], batch["clean"] + batch["noise"], atol=1e-6)
    starts, differences, cosines = [], [], []
    for before, after in zip(whole["noisy"], batch["noisy"], strict=True):
        kept = before == after
        first = int(np.argmin(kept[::-1]))
        starts.append(1 - first / kept.size)
        other = after[: kept.size - first - 100]
        differences.append(db(np.mean(other**2.0)) - db(np.mean(before**2.0)))
        before = before[: other.size]
        cosines.append(abs(other @ before) / np.linalg.norm(other) / np.linalg.norm(before))
    assert min(starts) > 0.09 and max(starts) < 0.72
    assert np.ptp(starts) > 0.2
    assert np.ptp(differences) > 10
    # Other mixtures, not changes of these.
    assert np.median(cosines) < 0.5


def test_a_splice_may_begin_with_digital_silence(prepared: pathlib.Path) -> None:
    whole = mixtures(prepared)
    batch = varied(prepared, splice_probability=1.0, splice_silence_probability=1.0)
    samples = batch["noisy"].shape[1]
    for name in ("noisy", "clean", "noise"):
        assert not batch[name][:, : samples // 10].any()
        quarter = slice(3 * samples // 4, None)
        np.testing.assert_allclose(batch[name][:, quarter], whole[name][:, quarter], atol=1e-7)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"speed_probability": 1.5}, r"`augmentation.speed_probability` must lie in \[0, 1\]"),
        ({"speech_speed_max": 0.5}, r"`augmentation.speech_speed_max` must lie in \[1, 2\]"),
        ({"noise_speed_max": math.nan}, r"`augmentation.noise_speed_max` must lie in \[1, 2\]"),
        ({"equalizer_db": -1.0}, r"`augmentation.equalizer_db` must lie in \[0, 60\] dB"),
        ({"clip_at_min": 0.0}, r"`augmentation.clip_at_min` must lie in \(0, 1\]; received 0.0"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DataConfig(augmentation=AugmentationConfig(**setting)).validate()


def test_noise_is_played_at_other_speeds_too(prepared: pathlib.Path) -> None:
    fixed = {"level_dbfs_min": -25.0, "level_dbfs_max": -25.0}
    one = mixtures(prepared, 6, **fixed)
    two = varied(prepared, 6, speed_probability=1.0, **fixed)
    assert table(prepared, "noise").count > 0
    np.testing.assert_array_equal(one["kind"], two["kind"])
    for name in ("noise", "clean"):
        assert not np.allclose(one[name], two[name], atol=1e-3)
