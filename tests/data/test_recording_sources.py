from __future__ import annotations

import pathlib

import pytest

from tfse.data.preparation.recording_sources import find_sources, group_of, too_deep
from tfse.errors import ConfigError


def make(folder: pathlib.Path, *names: str) -> str:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x" * 10)
    return str(folder)


def test_sources_know_set_id_group_kind_and_size(tmp_path: pathlib.Path) -> None:
    folder = make(tmp_path / "noise", "dog/1-30226-A.ogg", "dog/readme.txt", "dog/.hidden.wav")
    (source,) = find_sources("noise", [folder])
    assert source.id == "noise/dog/1-30226-A.ogg"
    assert (source.set, source.group, source.kind) == ("noise", "30226", "dog")
    assert source.file_bytes == 10


@pytest.mark.parametrize(
    ("name", "stem", "group"),
    [
        ("noise", "1-43807-A", "43807"),
        ("noise", "5-43807-D-47", "43807"),
        ("noise", "noise-free-sound-0145", "noise-free-sound-0145"),
        ("noise", "1-43807", "1-43807"),
        ("noise", "bg_noise", "bg_noise"),
        ("noise", "bg_noise2", "bg_noise"),
        ("noise", "radiator_05", "radiator"),
        ("noise", "rain (3)", "rain"),
        ("noise", "door_Freesound_validated_252349_2", "door_Freesound_validated_252349"),
        ("noise", "12", "12"),
        ("noise", "p232_001", "p232_001"),
        ("rir", "rir4", "rir"),
        ("rir", "Basement_ch1", "Basement"),
        ("rir", "StPatricksPosition3_ch0", "StPatricks"),
        ("rir", "hall-pos-2", "hall"),
        ("rir", "brir_R00001_i1_CH2_ch0", "R00001"),
        ("rir", "impulse_response_0", "impulse_response"),
        ("rir", "simulated-00017", "simulated"),
        ("rir", "ch0", "ch0"),
    ],
)
def test_groups_of_noise_and_rooms(name: str, stem: str, group: str) -> None:
    assert group_of(name, pathlib.Path("folder", f"{stem}.wav")) == group


def test_a_folder_that_is_named_as_a_room_is_one(tmp_path: pathlib.Path) -> None:
    measured = make(tmp_path / "rir", "unis_room_a/az000_L.flac", "unis_room_a/az014_R.flac")
    make(tmp_path / "rir", "r3vival_absorptive_rb/S000_ch0.flac", "openair/Hall_ch0.flac")
    groups = [source.group for source in find_sources("rir", [measured])]
    assert groups == ["Hall", "r3vival_absorptive_rb", "unis_room_a", "unis_room_a"]
    by_letter = find_sources("rir", [measured], room_pattern=r"_room_([a-z])/")
    assert [source.group for source in by_letter] == ["Hall", "S000", "a", "a"]
    with pytest.raises(ConfigError, match="`room_pattern` must have a group"):
        find_sources("rir", [measured], room_pattern="room")


def test_takes_are_one_noise_unless_a_pattern_tells_them_apart(tmp_path: pathlib.Path) -> None:
    folder = make(tmp_path / "noise", "rain1.wav", "rain2.wav", "fan.wav")
    assert [s.group for s in find_sources("noise", [folder])] == ["fan", "rain", "rain"]
    apart = find_sources("noise", [folder], noise_pattern=r"([^/]+)$")
    assert [s.group for s in apart] == ["fan.wav", "rain1.wav", "rain2.wav"]
    with pytest.raises(ConfigError, match="`noise_pattern` must have a group"):
        find_sources("noise", [folder], noise_pattern="rain")


def test_a_simulated_room_is_its_folder(tmp_path: pathlib.Path) -> None:
    rooms = make(tmp_path / "rooms", *(f"simulated-00012/position-{n}.flac" for n in range(2)))
    assert {source.group for source in find_sources("rir", [rooms])} == {"simulated-00012"}


def test_the_speaker_is_the_folder_or_what_the_pattern_says(tmp_path: pathlib.Path) -> None:
    folder = make(tmp_path / "libri", "19/198/19-198-0001.flac", "26/495/26-495-0000.flac")
    assert [s.group for s in find_sources("speech", [folder])] == ["198", "495"]
    by_reader = find_sources("speech", [folder], r"(\d+)/\d+/[^/]+$")
    assert [s.group for s in by_reader] == ["19", "26"]


def test_files_at_the_top_belong_to_the_folder_given(tmp_path: pathlib.Path) -> None:
    folder = make(tmp_path / "ljspeech", "a.wav", "b.wav")
    assert {s.group for s in find_sources("speech", [folder])} == {"ljspeech"}


def test_ids_do_not_depend_on_the_place_and_folders_of_one_name_differ(
    tmp_path: pathlib.Path,
) -> None:
    folders = [make(tmp_path / place / "wav", "p1/a.wav") for place in ("here", "there")]
    assert [s.id for s in find_sources("speech", folders)] == ["wav/p1/a.wav", "wav.2/p1/a.wav"]
    assert [s.id for s in find_sources("speech", folders[1:])] == ["wav/p1/a.wav"]


def test_links_are_followed_and_a_circle_ends(tmp_path: pathlib.Path) -> None:
    folder = make(tmp_path / "speech", "p1/a.wav")
    make(tmp_path / "elsewhere", "b.wav")
    (tmp_path / "speech/p2").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "speech/p1/up").symlink_to(tmp_path / "speech")
    ids = [s.id for s in find_sources("speech", [folder])]
    assert ids == ["speech/p1/a.wav", "speech/p2/b.wav"]


def test_a_missing_an_empty_and_a_repeated_folder_are_refused(tmp_path: pathlib.Path) -> None:
    folder = make(tmp_path / "speech", "p1/a.wav")
    with pytest.raises(ConfigError, match=r"There is no input folder /nowhere\."):
        find_sources("speech", ["/nowhere"])
    with pytest.raises(ConfigError, match=r"must be given once; received .*speech twice"):
        find_sources("speech", [folder, folder + "/"])
    empty = make(tmp_path / "empty", "notes.txt")
    with pytest.raises(
        ConfigError, match=r"no speech recordings that libsndfile reads in .*empty\."
    ):
        find_sources("speech", [empty])


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", r"must be a regular expression; received '\('"),
        ("p[0-9]+", "must have a group"),
        ("(q[0-9]+)_", r"must match every recording; received .* speech/p1/a.wav"),
        ("(q*)", "must match every recording"),
    ],
)
def test_a_pattern_that_finds_no_speaker_is_refused(
    tmp_path: pathlib.Path, pattern: str, message: str
) -> None:
    folder = make(tmp_path / "speech", "p1/a.wav")
    with pytest.raises(ConfigError, match=message):
        find_sources("speech", [folder], pattern)


LIBRISPEECH = "train-clean-100/{0}/{1}/{0}-{1}-0001.flac"


@pytest.mark.parametrize(
    ("pattern", "path", "speaker"),
    [
        ("librispeech", LIBRISPEECH.format(103, 1240), "103"),
        ("vctk", "wav48_silence_trimmed/p225/p225_001_mic1.flac", "p225"),
        ("vctk", "s5_002.wav", "s5"),
        ("dns", "read_speech/book_00000_chp_0009_reader_06709_0_seg_1.wav", "06709"),
        (r"by_(\w+)\.", "by_ann.wav", "ann"),
    ],
)
def test_corpora_are_known_by_name(
    pattern: str, path: str, speaker: str, tmp_path: pathlib.Path
) -> None:
    folder = make(tmp_path / "speech", path)
    (source,) = find_sources("speech", [folder], pattern)
    assert source.group == speaker


def test_common_voice_has_its_speakers_in_tables(tmp_path: pathlib.Path) -> None:
    folder = make(tmp_path / "cv", *(f"clips/common_voice_en_{n}.mp3" for n in (1, 2, 3)))
    table = tmp_path / "cv" / "validated.tsv"
    rows = [
        "client_id\tpath\tsentence",
        'ann\tcommon_voice_en_1.mp3\tA "word.',
        *(f"bob\tcommon_voice_en_{n}.mp3\tB" for n in (2, 3)),
    ]
    table.write_text("\n".join(rows), encoding="utf-8")
    groups = [source.group for source in find_sources("speech", [folder], "common_voice")]
    assert groups == ["ann", "bob", "bob"]
    table.write_text("\n".join(rows[:2]), encoding="utf-8")
    with pytest.raises(ConfigError, match="does not match cv/clips/common_voice_en_2"):
        find_sources("speech", [folder], "common_voice")
    table.unlink()
    with pytest.raises(ConfigError, match=r"needs the tables of Common Voice, \*.tsv"):
        find_sources("speech", [folder], "common_voice")


def test_folders_in_folders_are_warned_of(tmp_path: pathlib.Path) -> None:
    flat = find_sources("speech", [make(tmp_path / "a", "ann/1.wav", "bob/1.wav", "2.wav")])
    assert too_deep(flat) == ""
    deep = find_sources("speech", [make(tmp_path / "b", LIBRISPEECH.format(103, 1240), "c/1.wav")])
    warning = too_deep(deep)
    assert warning.startswith("1 of 2 recordings of speech lie more than one folder deep")
    assert "librispeech" in warning and "\n" not in warning
