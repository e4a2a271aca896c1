"""Checks of the mixer; run by `test_on_jax.py` with Keras on JAX."""

import dataclasses
import os
import pathlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tools.jax_training.corpus import load_corpus
from tools.jax_training.mixing import make_mixer
from tools.jax_training.rooms import drawn_response, in_room
from tools.jax_training.store import AudioSet, read_store
from tools.jax_training.stretches import Joining, at_speed, interpolated
from tools.jax_training.synthetic import SyntheticNoise

STORE = read_store(pathlib.Path(os.environ["STORE"]))
RATE = 16000
PLAIN = DataConfig(
    segment_s=0.5, clean_probability=0.0, reverb_probability=0.0, babble_probability=0.0
)
EVERYTHING = AugmentationConfig(
    speed_probability=0.8,
    whisper_probability=0.3,
    held_sound_probability=0.3,
    equalizer_probability=0.8,
    second_noise_probability=0.5,
    coloured_probability=0.2,
    synthetic_probability=0.5,
    speechless_probability=0.2,
    band_limit_probability=0.3,
    clip_probability=0.3,
    companding_probability=0.3,
    second_talker_probability=0.3,
    splice_probability=0.5,
)


def mixtures(config, count=32, store=STORE, seed=0):
    corpus, mixer = load_corpus(store, config), make_mixer(store, config)
    batch = jax.jit(lambda key: mixer.batch(key, corpus, count))(jax.random.key(seed))
    return {name: np.asarray(value, np.float64) for name, value in batch.items()}


def augmented(**settings):
    return dataclasses.replace(PLAIN, augmentation=AugmentationConfig(**settings))


def power_db(signal):
    return 10 * np.log10(np.mean(np.square(signal), axis=-1))


def test_ratio_level_and_sum_are_those_drawn():
    batch = mixtures(PLAIN)
    ratio = power_db(batch["clean"]) - power_db(batch["noise"])
    np.testing.assert_allclose(ratio, batch["snr_db"], atol=0.02)
    assert batch["snr_db"].min() < 0 < 15 < batch["snr_db"].max()
    np.testing.assert_allclose(batch["noisy"], batch["clean"] + batch["noise"], atol=1e-7)
    level = power_db(batch["noisy"])
    guarded = np.abs(batch["noisy"]).max(axis=1) > 0.985
    np.testing.assert_allclose(level[~guarded], batch["level_dbfs"][~guarded], atol=0.02)
    assert np.abs(batch["noisy"]).max() < 0.991
    assert (batch["length"] == 8000).all()


def test_a_loud_mixture_is_guarded():
    batch = mixtures(dataclasses.replace(PLAIN, level_dbfs_min=-1.0, level_dbfs_max=-1.0))
    peaks = np.maximum(np.abs(batch["noisy"]).max(1), np.abs(batch["clean"]).max(1))
    np.testing.assert_allclose(peaks, 0.99, atol=1e-5)


def test_a_room_is_that_of_the_definition():
    table = load_corpus(STORE, dataclasses.replace(PLAIN, reverb_probability=1.0)).rir
    taps = int(STORE.rir.samples.max())
    dry = np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    drawn, passed = (jax.jit(f, static_argnums=2) for f in (drawn_response, in_room))
    for seed in range(4):
        key = jax.random.key(seed)
        response = np.asarray(drawn(key, table, taps), np.float64)
        heard, target = passed(key, table, taps, jnp.asarray(dry), 800)
        early = np.where(np.arange(taps) < 800, response, 0)
        for found, through in ((heard, response), (target, early)):
            wanted = np.convolve(dry, through)[:8000]
            np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_rooms_are_drawn_before_positions():
    # One room of one position and one of nine: each response tells its room.
    samples, groups = np.full(10, 4, np.int32), np.array([0] + [1] * 9, np.int32)
    audio = np.repeat(np.where(groups == 0, 100, 200), 4).astype(np.int16)
    store = dataclasses.replace(STORE, rir=AudioSet(audio, samples, groups))
    table = load_corpus(store, dataclasses.replace(PLAIN, reverb_probability=1.0)).rir
    keys = jax.random.split(jax.random.key(0), 400)
    first = jax.vmap(lambda key: drawn_response(key, table, 4)[0])(keys)
    assert 0.4 < np.mean(np.asarray(first) * 32768 < 150) < 0.6


def test_the_noise_holds_what_the_target_lacks_of_the_room():
    config = dataclasses.replace(PLAIN, reverb_probability=1.0, clean_probability=1.0)
    batch = mixtures(config, 8)
    late = power_db(batch["noise"]) - power_db(batch["clean"])
    assert (late < 0).all() and (late > -60).all()


def constant_store():
    """Speakers whose samples are all their number times 1000, plus 1000."""
    groups = np.array([0, 0, 0, 1, 2, 2], np.int32)
    samples = np.array([3000, 12000, 500, 20000, 700, 900], np.int32)
    audio = np.repeat(1000 * (groups + 1), samples).astype(np.int16)
    speech = AudioSet(audio, samples, groups)
    return dataclasses.replace(STORE, speech=speech)


def test_a_crop_is_of_one_speaker_with_pauses():
    config = dataclasses.replace(PLAIN, clean_probability=1.0, level_dbfs_min=-20.0)
    config.level_dbfs_max = -20.0
    batch = mixtures(config, 64, constant_store())
    for row in batch["clean"]:
        parts = row[row != 0]
        assert parts.size and np.ptp(parts) < 1e-6 * parts[0] + 1e-7
        edges = np.flatnonzero(np.diff(row == 0))
        pauses = np.diff(edges)[::2] if row[0] else []
        assert all(pause == 3200 for pause in pauses)


@pytest.mark.parametrize("balance,low,high", [(0.0, 0.42, 0.62), (1.0, 0.25, 0.42)])
def test_speakers_share_the_crops(balance, low, high):
    config = dataclasses.replace(PLAIN, speaker_balance=balance)
    corpus = load_corpus(constant_store(), config)
    sampler = corpus.sampler
    owned = np.asarray(corpus.speech.groups)[np.asarray(sampler.crops)]
    runs = zip(sampler.first, sampler.count, strict=True)
    share = np.mean([np.mean(owned[first : first + count] == 0) for first, count in runs])
    assert low < share < high


@pytest.mark.parametrize("speed", [0.7, 1.0, 1.3])
def test_speed_moves_the_pitch(speed):
    units = round(speed * 4096)
    time = (np.arange(16000) - 64) / RATE
    hz = 1000.0
    audio = np.sin(2 * np.pi * hz * time) * np.hanning(16000)
    found = np.asarray(interpolated(jnp.asarray(audio, jnp.float32), jnp.int32(units), 10000))
    at = np.arange(10000) * units / 4096
    wanted = np.sin(2 * np.pi * hz * at / RATE) * np.interp(
        at + 64, range(16000), np.hanning(16000)
    )
    assert np.abs(found - wanted).max() < 2e-3


def test_faster_playing_does_not_alias():
    time = np.arange(16000) / RATE
    audio = np.sin(2 * np.pi * 7000 * time) * np.hanning(16000)
    found = interpolated(jnp.asarray(audio, jnp.float32), jnp.int32(1.5 * 4096), 10000)
    assert np.abs(found).max() < 1e-3


def test_a_stretch_at_speed_one_is_the_recording():
    corpus = load_corpus(STORE, PLAIN)
    keys = (jax.random.key(1), jax.random.key(2))
    longest = int(np.argmax(STORE.speech.samples))
    numbers = jnp.array([longest, 0])
    how = Joining(pause=3200)
    play = jax.jit(at_speed, static_argnums=(3, 4, 5, 6))
    plain = play(keys, corpus.speech, numbers, 8000, how, 1.0, 0.0)
    same = play(keys, corpus.speech, numbers, 8000, how, 1.5, 1e-9)
    np.testing.assert_allclose(plain, same, atol=1e-5)
    start, size = STORE.speech.starts[longest], STORE.speech.samples[longest]
    recording = STORE.speech.audio[start : start + size] / 32768
    starts = range(size - 8000 + 1)
    assert any(np.allclose(recording[n : n + 8000], plain, atol=1e-6) for n in starts)


def test_everything_at_once_is_finite():
    config = dataclasses.replace(
        PLAIN,
        clean_probability=0.1,
        reverb_probability=0.5,
        babble_probability=0.3,
        augmentation=EVERYTHING,
    )
    batch = mixtures(config, 48)
    assert all(np.isfinite(values).all() for values in batch.values())
    # A codec rounds the highest peaks to full scale.
    assert np.abs(batch["noisy"]).max() <= 1.0
    speechless = (batch["clean"] == 0).all(axis=1).mean()
    assert 0.05 < speechless < 0.4
    assert (batch["noisy"] != 0).any(axis=1).mean() > 0.9


def test_a_second_talker_belongs_to_the_target():
    plain = mixtures(dataclasses.replace(PLAIN, snr_db_min=0.0, snr_db_max=0.0))
    settings = AugmentationConfig(second_talker_probability=1.0, second_talker_db=20.0)
    config = dataclasses.replace(PLAIN, snr_db_min=0.0, snr_db_max=0.0, augmentation=settings)
    batch = mixtures(config)
    ended = batch["snr_db"] > 1e-3
    assert 5 < ended.sum() < 27 and batch["snr_db"].max() < 20
    ratio = power_db(batch["clean"]) - power_db(batch["noise"])
    np.testing.assert_allclose(ratio, batch["snr_db"], atol=0.02)
    one, other = (x["clean"][:, -2000:] for x in (plain, batch))
    cosines = np.sum(one * other, axis=1)
    # A pause between two utterances may be all that is there.
    cosines /= np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1) + 1e-9
    # Other voices, not a change of these.
    assert np.median(np.abs(cosines[ended])) < 0.5


def test_a_splice_puts_the_mixture_before_it_in_the_batch_first():
    plain = mixtures(PLAIN)
    batch = mixtures(augmented(splice_probability=1.0, splice_silence_probability=0.2))
    silent = 0
    for number in range(32):
        before, after = plain["noisy"][number - 1], batch["noisy"][number]
        np.testing.assert_allclose(after[6000:], plain["noisy"][number][6000:], atol=1e-7)
        gain = after[100] / before[100]
        silent += gain == 0
        np.testing.assert_allclose(after[:700], gain * before[:700], atol=1e-5)
    assert 0 < silent < 16
    np.testing.assert_allclose(batch["noisy"], batch["clean"] + batch["noise"], atol=1e-6)


def test_nobody_speaks_where_the_chance_is_one():
    batch = mixtures(augmented(speechless_probability=1.0), 4)
    assert (batch["clean"] == 0).all() and (batch["noise"] != 0).any(axis=1).all()


def test_a_band_limit_limits_noisy_and_clean():
    batch = mixtures(augmented(band_limit_probability=1.0, band_limit_hz_min=3400.0), 8)
    for name in ("noisy", "clean"):
        spectrum = np.abs(np.fft.rfft(batch[name])) ** 2
        highest = spectrum[:, 3900:].sum(axis=1) / spectrum.sum(axis=1)
        assert np.median(highest) < 1e-4


def test_clipping_flattens_peaks_and_leaves_the_target():
    plain, clipped = mixtures(PLAIN, 8), mixtures(augmented(clip_probability=1.0), 8)
    at_peak = np.isclose(
        np.abs(clipped["noisy"]), np.abs(clipped["noisy"]).max(1)[:, None], rtol=1e-6
    )
    assert at_peak.sum(axis=1).mean() > 20
    np.testing.assert_allclose(clipped["clean"], plain["clean"], atol=1e-6)


def test_equalizers_and_second_noises_change_the_sound():
    plain = mixtures(PLAIN, 4)
    for settings in ({"equalizer_probability": 1.0}, {"second_noise_probability": 1.0}):
        varied = mixtures(augmented(**settings), 4)
        assert np.abs(varied["noise"] - plain["noise"]).max() > 1e-3


@pytest.mark.parametrize("name", ["whisper_probability", "held_sound_probability"])
def test_changed_voices_are_those_of_the_target(name):
    plain, batch = mixtures(PLAIN), mixtures(augmented(**{name: 1.0}))
    ratio = power_db(batch["clean"]) - power_db(batch["noise"])
    np.testing.assert_allclose(ratio, batch["snr_db"], atol=0.02)
    products = np.sum(plain["clean"] * batch["clean"], axis=1)
    norms = (np.linalg.norm(x["clean"], axis=1) for x in (plain, batch))
    assert np.median(np.abs(products / np.prod(list(norms), axis=0))) < 0.9


@pytest.mark.parametrize("kind", ["tone", "sweep", "hum", "band", "clicks"])
def test_synthetic_noise_is_finite_and_audible(kind):
    keys = jax.random.split(jax.random.key(0), 32)
    audio = np.asarray(jax.jit(jax.vmap(getattr(SyntheticNoise(RATE, 16000), kind)))(keys))
    assert np.isfinite(audio).all()
    level = power_db(audio.astype(np.float64))
    assert (level > -60).all() and (level < 20).all()


def test_synthetic_noise_alone_has_the_ratio_that_was_drawn():
    batch = mixtures(augmented(synthetic_probability=1.0, synthetic_alone_probability=1.0), 16)
    ratio = power_db(batch["clean"]) - power_db(batch["noise"])
    np.testing.assert_allclose(ratio, batch["snr_db"], atol=0.05)


def test_another_key_is_another_mixture():
    one, same, other = mixtures(PLAIN, 2), mixtures(PLAIN, 2), mixtures(PLAIN, 2, seed=1)
    np.testing.assert_array_equal(one["noisy"], same["noisy"])
    assert np.abs(one["noisy"] - other["noisy"]).max() > 1e-3
