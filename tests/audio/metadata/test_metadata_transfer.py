"""Metadata of every kind in results, and audio that it leaves as it is."""

from __future__ import annotations

import io
import pathlib
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soundfile
from mutagen import File, flac, id3
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis

from tests.audio.metadata.test_lost_chunks import with_chunks
from tests.streaming.tiny_streams import identity_step, noise, read, write
from tfse.audio.metadata import metadata_transfer, riff_chunks
from tfse.streaming import EnhanceOptions, enhance_file

RATE = 48_000
CUE = struct.pack("<I", 1) + struct.pack("<II4sIII", 7, 4000, b"data", 0, 0, 4000)
LOOP = struct.pack("<9I6I", 0, 0, 20833, 60, 0, 0, 0, 1, 0, 7, 0, 1000, 8000, 0, 0)
BEXT = b"A talk".ljust(256, b"\0") + b"Nobody".ljust(32, b"\0") + bytes(314)
LABEL = b"adtllabl" + struct.pack("<II", 10, 7) + b"start\0"
INFO = b"INFOINAM" + struct.pack("<I", 6) + b"A talk"


def picture() -> flac.Picture:
    made = flac.Picture()
    made.type, made.mime, made.desc, made.data = 3, "image/png", "cover", b"\x89PNG" * 999
    return made


def add_chunks(path: pathlib.Path, chunks: dict[str, bytes]) -> pathlib.Path:
    data = path.read_bytes()
    for name, content in chunks.items():
        data += name.encode() + struct.pack("<I", len(content)) + content
        data += bytes(len(content) % 2)
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    return path


def contents(path: pathlib.Path) -> dict[str, bytes]:
    data = path.read_bytes()
    with path.open("rb") as file:
        found = list(riff_chunks.chunks(file))
    assert found[-1].offset + 8 + found[-1].size + found[-1].size % 2 == len(data)
    return {c.name: data[c.offset + 8 : c.offset + 8 + c.size] for c in found}


def id3_bytes(*frames: Any) -> bytes:
    tag, file = id3.ID3(), io.BytesIO()
    for frame in frames:
        tag.add(frame)
    tag.save(file)
    return file.getvalue()


@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
def test_chunks_of_a_wav_stay(container: str, tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", noise(9001), RATE, "PCM_16", container)
    tag = id3_bytes(id3.TPE1(3, ["Nobody"]))
    chunks = {"bext": BEXT, "cue ": CUE, "smpl": LOOP, "LIST": LABEL, "id3 ": tag, "iXML": b"<x/>"}
    add_chunks(add_chunks(source, chunks), {"LIST": INFO})
    plain = write(tmp_path / "plain.wav", read(source), RATE, "PCM_16", container)
    notes = enhance_file(source, tmp_path / "y.wav", identity_step()).notes
    enhance_file(plain, tmp_path / "z.wav", identity_step())
    assert not any("kept" in note for note in notes)
    made = contents(tmp_path / "y.wav")
    assert {name: made[name] for name in ("bext", "cue ", "smpl", "iXML", "id3 ")} == {
        name: content for name, content in chunks.items() if name != "LIST"
    }
    assert (made["LIST adtl"], made["LIST INFO"]) == (LABEL, INFO)
    assert made["data"] == contents(tmp_path / "z.wav")["data"]
    assert soundfile.info(tmp_path / "y.wav").frames == 9001
    with soundfile.SoundFile(tmp_path / "y.wav") as file:
        assert file.title == "A talk"


def test_an_rf64_counts_its_chunks(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", noise(9000), subtype="PCM_16")
    add_chunks(source, {"bext": BEXT, "cue ": CUE})
    options = EnhanceOptions(format="RF64")
    enhance_file(source, tmp_path / "y.wav", identity_step(), options)
    enhance_file(tmp_path / "y.wav", tmp_path / "z.wav", identity_step())
    for name in ("y.wav", "z.wav"):
        path = tmp_path / name
        made, data = contents(path), path.read_bytes()
        assert (made["bext"], made["cue "]) == (BEXT, CUE)
        assert data[:4] == b"RF64"
        assert struct.unpack("<Q", data[20:28]) == (len(data) - 8,)
        np.testing.assert_allclose(read(path), read(source), atol=1e-6)


def test_chunks_of_an_aiff_stay(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.aiff", noise(9001), subtype="PCM_16")
    with_chunks(source, ">I", "MARK", "ANNO", "ID3 ")
    assert enhance_file(source, tmp_path / "y.aiff", identity_step()).notes == ()
    assert list(contents(tmp_path / "y.aiff"))[-3:] == ["MARK", "ANNO", "ID3 "]
    np.testing.assert_array_equal(read(tmp_path / "y.aiff"), read(source))


@pytest.mark.parametrize(
    ("size", "note"),
    [(2**32 - 1, "not kept: bext (its end is missing)"), (600, None), (10**6, None), (0, None)],
)
def test_chunks_of_a_wrong_size_leave_a_whole_result(
    size: int, note: str | None, tmp_path: pathlib.Path
) -> None:
    """A size that is too large has a note; one that is too small hides what follows."""
    source = add_chunks(write(tmp_path / "x.wav", noise(9000), subtype="PCM_16"), {"bext": BEXT})
    data = bytearray(source.read_bytes())
    at = data.rindex(b"bext") + 4
    data[at : at + 4] = struct.pack("<I", size)
    source.write_bytes(data)
    notes = enhance_file(source, tmp_path / "y.wav", identity_step()).notes
    assert note is None or note in notes
    np.testing.assert_array_equal(read(tmp_path / "y.wav"), read(source))
    contents(tmp_path / "y.wav")


def test_a_large_chunk_is_noted(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata_transfer, "_MAX_CHUNK_BYTES", 100)
    source = add_chunks(write(tmp_path / "x.wav", noise(900), subtype="PCM_16"), {"bext": BEXT})
    notes = enhance_file(source, tmp_path / "y.wav", identity_step()).notes
    assert notes == ("not kept: bext (over 16 MB)",)


def tag_flac(path: pathlib.Path) -> None:
    file = flac.FLAC(path)
    file["title"], file["artist"], file["composer"] = "A talk", ["One", "Two"], "Bach"
    file["replaygain_track_gain"] = "-6 dB"
    file.add_picture(picture())
    sheet = flac.CueSheet(b"\0" * 396)
    sheet.tracks.append(flac.CueSheetTrack(170, 9000))
    file.cuesheet = sheet
    file.save()


def tag_ogg(kind: Any) -> Callable[[pathlib.Path], None]:
    def tag(path: pathlib.Path) -> None:
        from tfse.audio.metadata.tags import picture_comment

        file = kind(path)
        file["title"], file["artist"], file["composer"] = "A talk", ["One", "Two"], "Bach"
        file["metadata_block_picture"] = picture_comment(picture())[1]
        file.save()

    return tag


def tag_mp3(path: pathlib.Path) -> None:
    tag = id3.ID3()
    tag.add(id3.TIT2(3, ["A talk"]))
    tag.add(id3.TPE1(3, ["One", "Two"]))
    tag.add(id3.TCOM(3, ["Bach"]))
    tag.add(id3.COMM(3, "eng", "", ["on noise"]))
    tag.add(id3.COMM(3, "eng", "iTunSMPB", ["0000 0210"]))
    tag.add(id3.PRIV("owner", b"data"))
    tag.add(id3.APIC(3, "image/png", 3, "cover", picture().data))
    tag.save(path)


KINDS: dict[str, tuple[str, str | None, Callable[[pathlib.Path], None]]] = {
    "flac": ("FLAC", "PCM_16", tag_flac),
    "ogg": ("OGG", "VORBIS", tag_ogg(OggVorbis)),
    "opus": ("OGG", "OPUS", tag_ogg(OggOpus)),
    "mp3": ("MP3", None, tag_mp3),
}


def tagged(ending: str, folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
    """Returns a recording with tags, and the same one without."""
    container, subtype, tag = KINDS[ending]
    paths = [folder / f"{name}.{ending}" for name in ("x", "plain")]
    for path in paths:
        write(path, noise(30_000), RATE, subtype, container)
    tag(paths[0])
    return paths[0], paths[1]


def tags_of(path: pathlib.Path) -> tuple[list[str], list[str], list[str], bytes]:
    """Returns title, artists, composer and picture of a file of any kind."""
    from tfse.audio.metadata import tag_files

    with path.open("rb") as file:
        found = tag_files.read(file)
    texts = [[t for k, t in found.comments if k == key] for key in ("title", "artist", "composer")]
    assert not any(key.startswith(("replaygain", "itun")) for key in found.names())
    return *texts, found.pictures[0].data if found.pictures else b""


WANTED = (["A talk"], ["One", "Two"], ["Bach"], picture().data)


@pytest.mark.parametrize("ending", KINDS)
def test_tags_and_pictures_stay(ending: str, tmp_path: pathlib.Path) -> None:
    source, plain = tagged(ending, tmp_path)
    target, untagged = tmp_path / f"y.{ending}", tmp_path / f"z.{ending}"
    notes = enhance_file(source, target, identity_step()).notes
    enhance_file(plain, untagged, identity_step())
    assert [note for note in notes if "kept" in note or "tags" in note] == []
    assert tags_of(target) == WANTED
    np.testing.assert_array_equal(read(target), read(untagged))
    assert File(target) is not None
    if ending == "flac":
        assert flac.FLAC(target).cuesheet.tracks[0].start_offset == 9000
    if ending == "mp3":
        assert id3.ID3(target).getall("PRIV")[0].data == b"data"


@pytest.mark.parametrize("ending", KINDS)
@pytest.mark.parametrize("other", [*KINDS, "wav", "aiff"])
def test_tags_and_pictures_reach_another_container(
    ending: str, other: str, tmp_path: pathlib.Path
) -> None:
    source, plain = tagged(ending, tmp_path)
    target, untagged = tmp_path / f"y.{other}", tmp_path / f"z.{other}"
    notes = enhance_file(source, target, identity_step()).notes
    enhance_file(plain, untagged, identity_step())
    assert tags_of(target) == WANTED
    np.testing.assert_array_equal(read(target), read(untagged))
    lost = [note for note in notes if "kept" in note]
    wanted = {"flac": ["not kept: cue sheet"], "mp3": ["not kept: PRIV"]}.get(ending, [])
    stores = ending == other or (ending == "mp3" and other in ("wav", "aiff"))
    assert lost == ([] if stores else wanted)
    if other in ("wav", "aiff"):
        with soundfile.SoundFile(target) as file:
            assert file.title == "A talk"


def test_what_a_container_cannot_store_is_named(tmp_path: pathlib.Path) -> None:
    source, _ = tagged("flac", tmp_path)
    notes = enhance_file(source, tmp_path / "y.au", identity_step()).notes
    assert "AU does not store the tags: title, artist" in notes
    assert notes[-1] == "not kept: composer, picture, cue sheet"


def test_texts_of_a_wav_reach_an_mp3(tmp_path: pathlib.Path) -> None:
    source = write(tmp_path / "x.wav", noise(30_000), RATE, "PCM_16")
    add_chunks(source, {"LIST": INFO, "bext": BEXT})
    add_chunks(source, {"id3 ": id3_bytes(id3.TCOM(3, ["Bach"]))})
    notes = enhance_file(source, tmp_path / "y.mp3", identity_step()).notes
    assert "not kept: bext" in notes
    assert tags_of(tmp_path / "y.mp3")[0::2] == (["A talk"], ["Bach"])


@pytest.mark.parametrize("ending", KINDS)
def test_damaged_tags_have_a_note(ending: str, tmp_path: pathlib.Path) -> None:
    """A length of a text is set beyond the tags; the audio is as it was."""
    source, _ = tagged(ending, tmp_path)
    data = bytearray(source.read_bytes())
    at = data.index(b"A talk") - (10 if ending != "mp3" else 7)
    data[at : at + 4] = b"\xff\xff\xff\x7f"
    source.write_bytes(data)
    try:
        notes = enhance_file(source, tmp_path / f"y.{ending}", identity_step()).notes
    except ValueError:
        # libsndfile refuses some of them.
        assert not (tmp_path / f"y.{ending}").exists()
        return
    assert len(read(tmp_path / f"y.{ending}")) == 30_000
    assert ending == "mp3" or any("damaged and not kept" in note for note in notes)


def test_without_mutagen_a_note_says_what_is_missing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata_transfer.importlib.util, "find_spec", lambda name: None)
    source, _ = tagged("flac", tmp_path)
    notes = enhance_file(source, tmp_path / "y.flac", identity_step()).notes
    assert any("pip install mutagen" in note for note in notes)
    with soundfile.SoundFile(tmp_path / "y.flac") as file:
        assert file.title == "A talk"
