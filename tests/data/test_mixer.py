from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest
import scipy.signal
import tensorflow as tf

from tests.data.corpus import DIRECT_AT, RATE
from tfse.data.config import DataConfig
from tfse.data.pipeline import fixed_dataset
from tfse.data.records import index
from tfse.data.records.record_table import RecordTable, record_table
from tfse.dsp import mixing as dsp

COUNT = 24


def mixtures(prepared: pathlib.Path, count: int = COUNT, **changes: Any) -> dict[str, np.ndarray]:
    """Returns the first fixed mixtures of the training split in one batch, dry and without babble.

    Parts of probability 0 are not in the graph, which makes these tests quick.
    """
    plain = {"segment_s": 1.0, "reverb_probability": 0.0, "babble_probability": 0.0}
    config = DataConfig(**{**plain, "clean_probability": 0.0, **changes})
    (batch,) = fixed_dataset(prepared, config, "train", batch_size=count, count=count)
    return {name: value.numpy() for name, value in batch.items()}


def table(prepared: pathlib.Path, name: str) -> RecordTable:
    return record_table(prepared, index.read_index(prepared), name, "train")


def db(power: np.ndarray) -> np.ndarray:
    return 10 * np.log10(power)


def test_noise_is_what_is_left_of_noisy(prepared: pathlib.Path) -> None:
    batch = mixtures(prepared, reverb_probability=0.5)
    assert batch["noisy"].shape == (COUNT, RATE)
    assert set(batch["length"]) == {RATE}
    np.testing.assert_array_equal(batch["noise"], batch["noisy"] - batch["clean"])


def test_dry_mixtures_have_the_ratio_that_they_say(prepared: pathlib.Path) -> None:
    batch = mixtures(prepared)
    clean, noise = (np.mean(batch[name] ** 2.0, axis=1) for name in ("clean", "noise"))
    np.testing.assert_allclose(db(clean / noise), batch["snr_db"], atol=0.01)
    assert batch["snr_db"].min() > -5.001
    assert batch["snr_db"].max() < 20.001
    # Uniform: half of them below the middle, give or take three standard deviations.
    assert 4 <= np.sum(batch["snr_db"] < 7.5) <= 20
    assert not batch["reverberant"].any()


def test_levels_are_drawn_and_reported(prepared: pathlib.Path) -> None:
    batch = mixtures(prepared, level_dbfs_min=-40.0, level_dbfs_max=-30.0)
    level = db(np.mean(batch["noisy"] ** 2.0, axis=1))
    np.testing.assert_allclose(level, batch["level_dbfs"], atol=1e-3)
    assert level.min() > -40.001
    assert level.max() < -29.999
    assert np.ptp(level) > 5


def test_the_guard_keeps_peaks_below_its_limit_and_the_mixture_whole(
    prepared: pathlib.Path,
) -> None:
    loud = {"level_dbfs_min": -3.0, "level_dbfs_max": -3.0}
    guarded = mixtures(prepared, peak_max=0.5, **loud)
    peaks = np.abs(guarded["noisy"]).max(axis=1)
    assert np.all(peaks <= 0.5 + 1e-6)
    assert np.all(np.abs(guarded["clean"]) <= 0.5 + 1e-6)
    other = mixtures(prepared, peak_max=0.25, **loud)
    np.testing.assert_allclose(other["noisy"], guarded["noisy"] / 2, atol=1e-6)
    np.testing.assert_allclose(other["clean"], guarded["clean"] / 2, atol=1e-6)
    level = db(np.mean(guarded["noisy"] ** 2.0, axis=1))
    np.testing.assert_allclose(level, guarded["level_dbfs"], atol=1e-3)


def test_clean_probability_leaves_noise_out(prepared: pathlib.Path) -> None:
    some = mixtures(prepared, clean_probability=0.5)
    silent = ~some["noise"].any(axis=1)
    assert 3 <= silent.sum() <= 21
    np.testing.assert_array_equal(silent, some["kind"] == b"none")
    np.testing.assert_array_equal(silent, np.isinf(some["snr_db"]))
    everything = mixtures(prepared, clean_probability=1.0)
    np.testing.assert_array_equal(everything["noisy"], everything["clean"])


def test_the_kind_is_that_of_the_noise(prepared: pathlib.Path) -> None:
    batch = mixtures(prepared)
    kinds = set(table(prepared, "noise").kinds.numpy())
    assert set(batch["kind"]) <= kinds
    assert len(set(batch["kind"])) > 1


def test_a_mixture_reports_its_speaker_noise_recording_and_room(prepared: pathlib.Path) -> None:
    batch = mixtures(prepared, clean_probability=0.3, babble_probability=0.3)
    assert set(batch["speaker"]) <= set(table(prepared, "speech").group_names.numpy())
    noises = set(table(prepared, "noise").group_names.numpy())
    recorded = ~np.isin(batch["kind"], [b"none", b"babble"])
    np.testing.assert_array_equal(batch["noise_group"] != b"", recorded)
    assert set(batch["noise_group"][recorded]) <= noises
    rooms = set(table(prepared, "rir").group_names.numpy())
    np.testing.assert_array_equal(batch["room"] != b"", batch["reverberant"])
    assert set(batch["room"][batch["reverberant"]]) <= rooms


def test_the_target_has_the_early_part_of_the_room_and_no_delay(prepared: pathlib.Path) -> None:
    one = {"clean_probability": 1.0, "level_dbfs_min": -25.0, "level_dbfs_max": -25.0}
    dry = mixtures(prepared, count=4, **one)["clean"]
    batch = mixtures(prepared, count=4, reverb_probability=1.0, early_ms=10.0, **one)
    assert batch["reverberant"].all()
    rooms = table(prepared, "rir")
    responses = [rooms.read(number).numpy() for number in range(rooms.count)]
    assert all(response[0] > 0.8 for response in responses), DIRECT_AT
    for number in range(4):
        errors = [_misfit(batch, dry, number, response) for response in responses]
        assert min(errors) < 1e-4, errors


def _misfit(batch: dict[str, np.ndarray], dry: np.ndarray, number: int, room: np.ndarray) -> float:
    """Returns the difference of the mixture from dry speech in this room, up to a gain."""
    early = np.where(np.arange(room.size) < RATE // 100, room, 0)
    noisy, clean = (scipy.signal.fftconvolve(dry[number], h)[:RATE] for h in (room, early))
    made = np.concatenate([batch["noisy"][number], batch["clean"][number]])
    wanted = np.concatenate([noisy, clean])
    gain = wanted @ made / (wanted @ wanted)
    return float(np.abs(made - gain * wanted).max() / np.abs(made).max())


def test_with_all_of_the_room_in_the_target_nothing_is_left(prepared: pathlib.Path) -> None:
    batch = mixtures(prepared, clean_probability=1.0, reverb_probability=1.0, early_ms=2000.0)
    np.testing.assert_allclose(batch["noisy"], batch["clean"], atol=1e-6)


def test_the_level_of_a_room_has_no_effect(
    prepared: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = mixtures(prepared, 8, reverb_probability=1.0)
    convolve = dsp.convolve_pair

    def quiet(dry: Any, response: Any, early: Any) -> tuple[Any, Any]:
        return convolve(dry, 0.03 * response, 0.03 * early)

    monkeypatch.setattr(dsp, "convolve_pair", quiet)
    other = mixtures(prepared, 8, reverb_probability=1.0)
    for name in ("noisy", "clean", "snr_db", "level_dbfs"):
        np.testing.assert_allclose(other[name], whole[name], rtol=1e-3, atol=1e-5)


def test_rooms_are_drawn_before_the_positions_in_them(prepared: pathlib.Path) -> None:
    rooms = table(prepared, "rir")
    sizes = rooms.group_sizes.numpy()
    assert (rooms.count, sorted(sizes)) != (rooms.group_count, [1] * rooms.group_count)
    seeds = [tf.constant([seed, 5], tf.int64) for seed in range(400)]
    drawn = np.bincount([int(rooms.drawn_by_group(seed)) for seed in seeds], minlength=rooms.count)
    groups = rooms.groups.numpy()
    # A room with two channels is as likely as the others, and each of its channels half so.
    expected = len(seeds) / rooms.group_count / sizes[groups]
    assert np.all(np.abs(drawn - expected) < 4 * np.sqrt(expected)), (drawn, groups)


def test_reverberation_comes_with_its_probability(prepared: pathlib.Path) -> None:
    batch = mixtures(prepared, reverb_probability=0.5)
    assert 3 <= batch["reverberant"].sum() <= 21


def test_short_speech_is_continued_by_its_speaker(prepared: pathlib.Path) -> None:
    batch = mixtures(prepared, clean_probability=1.0, segment_s=4.0)
    speech = table(prepared, "speech")
    assert max(speech.samples.numpy()) < 4 * RATE
    of_group = {
        group: [speech.read(n).numpy() for n in range(speech.count) if speech.groups[n] == group]
        for group in range(speech.group_count)
    }
    for clean in batch["clean"]:
        assert any(_is_joined(clean, utterances) for utterances in of_group.values())


def _is_joined(clean: np.ndarray, utterances: list[np.ndarray]) -> bool:
    """Returns whether the waveform is these utterances in succession, with pauses."""
    if not clean.size:
        return True
    for utterance in utterances:
        part = np.concatenate([utterance, np.zeros(RATE // 5)])[: clean.size]
        # The level was drawn after joining, so the gain of each piece is its own here.
        gain = part @ clean[: part.size] / max(part @ part, 1e-9)
        if gain > 0 and np.allclose(clean[: part.size], gain * part, atol=1e-4 * gain):
            return _is_joined(clean[part.size :], utterances)
    return False


def test_babble_is_other_speakers(prepared: pathlib.Path) -> None:
    """Voices have pitches 25 Hz apart: the target's pitch must not be in the noise."""
    batch = mixtures(
        prepared,
        babble_probability=1.0,
        babble_speakers_min=2,
        babble_speakers_max=2,
    )
    assert set(batch["kind"]) == {b"babble"}
    for clean, noise in zip(batch["clean"], batch["noise"], strict=True):
        target, others = _pitches(clean, 1), _pitches(noise, 2)
        assert len(target) == 1
        assert len(others) == 2, "two different voices"
        assert not target & others


def _pitches(samples: np.ndarray, count: int) -> set[int]:
    """Returns the voices with most energy at their pitch."""
    time = np.arange(samples.size) / RATE
    found = {
        voice: abs(np.exp(-2j * np.pi * (90 + 25 * voice) * time) @ samples) for voice in range(6)
    }
    strong = [voice for voice in found if found[voice] > 0.3 * max(found.values())]
    return set(sorted(strong, key=lambda voice: -found[voice])[:count])


@pytest.mark.parametrize("whole", [False, True])
def test_noise_covers_all_of_the_speech(prepared: pathlib.Path, whole: bool) -> None:
    """The noise recordings last 0.7 s: they are joined, and softly."""
    batch = mixtures(prepared, count=8, whole_utterances=whole, segment_s=3.0)
    for noise, length in zip(batch["noise"], batch["length"], strict=True):
        pieces = noise[:length][: length // 400 * 400].reshape(-1, 400)
        power = np.mean(pieces**2.0, axis=1)
        assert power.min() > 0.02 * np.median(power)
    lengths = set(batch["length"])
    assert len(lengths) > 1 if whole else lengths == {3 * RATE}
