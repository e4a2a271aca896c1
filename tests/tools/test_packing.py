"""Packs: round trips, sizes, and damaged parts."""

import shutil

import numpy as np
import pytest

from tests.tools.conftest import PACK
from tests.tools.programs import jax_training
from tfse.data.config import DataConfig
from tfse.data.pipeline import fixed_dataset
from tfse.data.records.index import read_index
from tfse.errors import ConfigError
from tools.jax_training import prepared as prepared_data
from tools.jax_training.codec import read_int16, write_opus
from tools.jax_training.pack_format import MANIFEST, read_parts
from tools.jax_training.packing import pack
from tools.jax_training.store import read_store


def snr_db(reference, estimate):
    error = reference.astype(float) - estimate
    return 10 * np.log10(np.mean(reference.astype(float) ** 2) / np.mean(error**2))


def speech_like(seconds):
    """Harmonics and, in turn with them, noise that is stronger at high frequencies."""
    time = np.arange(round(16000 * seconds)) / 16000
    tones = sum(np.sin(2 * np.pi * 150 * k * time) / k for k in range(1, 15))
    hiss = np.diff(np.random.default_rng(0).standard_normal(time.size + 1))
    syllable = np.sin(2 * np.pi * 2 * time) ** 2
    return (3000 * tones * syllable + 300 * hiss * (1 - syllable)).astype(np.int16)


@pytest.mark.parametrize("kbps,floor_db", [(38, 15), (64, 20)])
def test_opus_keeps_length_time_and_sound(tmp_path, kbps, floor_db):
    audio = speech_like(4.0048)
    write_opus(tmp_path / "a.opus", audio, 16000, kbps)
    decoded = read_int16(tmp_path / "a.opus")
    assert decoded.size == audio.size
    assert snr_db(audio, decoded) > floor_db
    size = (tmp_path / "a.opus").stat().st_size
    assert size * 8 / audio.size * 16 == pytest.approx(kbps, rel=0.25)
    before, after = (np.abs(np.fft.rfft(x)[len(x) // 4 :]) ** 2 for x in (audio, decoded))
    assert abs(10 * np.log10(after.sum() / before.sum())) < 0.5


def test_a_rate_that_harms_speech_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="kbps"):
        write_opus(tmp_path / "a.opus", speech_like(1.0), 16000, 24)


@pytest.mark.parametrize("name", ["speech", "noise", "rir"])
def test_recordings_come_back_with_their_groups(prepared, store, name):
    found = getattr(read_store(store), name)
    index = read_index(prepared)
    originals = list(prepared_data.recordings(prepared, index, name))
    assert [audio.size for _, audio in originals] == found.samples.tolist()
    names = list(dict.fromkeys(group for group, _ in originals))
    assert [names[number] for number in found.groups] == [group for group, _ in originals]
    for (_, audio), start in zip(originals, found.starts, strict=True):
        decoded = found.audio[start : start + audio.size]
        if name == "rir":
            np.testing.assert_array_equal(decoded, audio)
        else:
            assert snr_db(audio, decoded) > (8 if name == "speech" else 1)


def test_validation_mixtures_are_those_of_the_pipeline(prepared, store):
    batch = next(
        iter(fixed_dataset(prepared, DataConfig(segment_s=0.5), "valid", batch_size=3, count=3))
    )
    found = read_store(store)
    np.testing.assert_allclose(found.noisy, batch["noisy"], atol=2**-23)
    np.testing.assert_allclose(found.clean, batch["clean"], atol=2**-23)


def test_parts_are_small_and_several(packed):
    parts = read_parts(packed)
    assert len(parts) > 1
    for part in parts:
        folder = packed / f"part-{part.part}"
        assert sum(path.stat().st_size for path in folder.iterdir()) <= PACK.part_mb * 1e6


def test_a_part_that_is_too_small_is_refused(prepared, tmp_path):
    with pytest.raises(ConfigError, match="part_mb"):
        pack(prepared, tmp_path / "pack", DataConfig(segment_s=0.5), PACK.__class__(part_mb=0.501))
    assert not list(tmp_path.iterdir())


def truncate(folder):
    path = next((folder / "part-1").glob("*.opus"))
    path.write_bytes(path.read_bytes()[:-100])


def corrupt(folder):
    path = next((folder / "part-1").glob("*.opus"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut_manifest(folder):
    path = folder / "part-1" / MANIFEST
    path.write_text(path.read_text()[:200])


DAMAGE = {
    "truncated": (truncate, "truncated"),
    "corrupt": (corrupt, "checksum"),
    "a part missing": (
        lambda folder: shutil.rmtree(folder / "part-1"),
        "carry the missing parts again",
    ),
    "a file missing": (
        lambda folder: next((folder / "part-1").glob("*.opus")).unlink(),
        "is missing",
    ),
    "a manifest cut": (cut_manifest, "cannot be read"),
    "no part": (lambda folder: [shutil.rmtree(part) for part in folder.iterdir()], "part-1"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_one_line(packed, tmp_path, damage):
    shutil.copytree(packed, tmp_path / "packed")
    harm, told = DAMAGE[damage]
    harm(tmp_path / "packed")
    result = jax_training("unpack", f"--packed_dir={tmp_path}/packed", f"--store={tmp_path}/store")
    assert result.returncode == 2
    assert told in result.stderr and len(result.stderr.splitlines()) == 1, result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["packed"]
