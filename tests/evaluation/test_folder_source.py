from __future__ import annotations

import pathlib

import pytest

from tests.evaluation.small_sets import clean, write
from tfse.errors import AudioError, ConfigError
from tfse.evaluation.sources.folder_source import FolderSource
from tfse.evaluation.sources.metadata_file import read_metadata
from tfse.evaluation.sources.recordings import Facts, Missing, Origin, Recording, read
from tfse.evaluation.sources.systems import models, short_labels


def recordings(source: FolderSource) -> dict[str, Recording]:
    return {one.file: one for one in source.recordings(range(source.count))}


def reason(origin: Origin | None) -> str:
    assert isinstance(origin, Missing)
    return origin.reason


def test_files_of_one_name_belong_together(tmp_path: pathlib.Path) -> None:
    for name in ("ref/a.wav", "ref/deep/b.wav", "ref/c.wav", "ref/notes.txt", "ref/.hidden.wav"):
        write(tmp_path / name, clean(0)) if name.endswith("wav") else None
    (tmp_path / "ref/notes.txt").write_text("no recording")
    for name in ("est/a.flac", "est/deep/b.wav", "est/stranger.wav"):
        write(tmp_path / name, clean(0), subtype="PCM_16")
    source = FolderSource([tmp_path / "ref"], estimates={"est": tmp_path / "est"})
    found = recordings(source)
    assert list(found) == ["a.wav", "c.wav", "deep/b.wav", "stranger.wav"]
    assert found["a.wav"].estimates["est"] == tmp_path / "est/a.flac"
    assert found["a.wav"].seconds == 1.0
    assert found["a.wav"].noisy is None
    assert reason(found["c.wav"].estimates["est"]) == f"no file of this name in {tmp_path}/est"
    assert reason(found["stranger.wav"].reference) == f"no file of this name in {tmp_path}/ref"


def test_a_name_that_matches_two_files_matches_none(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "ref/a.aiff", clean(0))
    for name in ("est/a.flac", "est/a.wav"):
        write(tmp_path / name, clean(0), subtype="PCM_16")
    found = recordings(FolderSource([tmp_path / "ref"], estimates={"est": tmp_path / "est"}))
    assert reason(found["a.aiff"].estimates["est"]).startswith("several files of this name")


def test_several_pairs_of_folders_are_one_set(tmp_path: pathlib.Path) -> None:
    for folder in ("x/clean", "x/noisy", "y/clean", "y/noisy"):
        write(tmp_path / folder / "a.wav", clean(0))
    cleans, noisies = ([tmp_path / s / kind for s in "xy"] for kind in ("clean", "noisy"))
    found = recordings(FolderSource(cleans, noisies))
    assert list(found) == ["x/clean/a.wav", "y/clean/a.wav"]
    assert found["y/clean/a.wav"].noisy == tmp_path / "y/noisy/a.wav"
    with pytest.raises(ConfigError, match="2 clean and 1 noisy"):
        FolderSource(cleans, noisies[:1])


def test_other_audio_is_another_set(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "ref/a.wav", clean(0))
    before = FolderSource([tmp_path / "ref"]).identity
    assert FolderSource([tmp_path / "ref"]).identity == before
    write(tmp_path / "ref/a.wav", clean(1))
    assert FolderSource([tmp_path / "ref"]).identity != before


def test_metadata_provide_the_facts(tmp_path: pathlib.Path) -> None:
    for name in ("a", "b", "c"):
        write(tmp_path / f"ref/{name}.wav", clean(0))
    table = tmp_path / "m.csv"
    table.write_text("file,snr_db,noise,reverberant\na.wav,2.5,rain,yes\nb,,,no\n")
    found = recordings(FolderSource([tmp_path / "ref"], metadata=read_metadata(table)))
    assert found["a.wav"].facts == Facts(2.5, "rain", True)
    assert found["b.wav"].facts == Facts(None, None, False)
    assert found["c.wav"].facts == Facts()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,snr_db\na,1\n", "must have the columns file,snr_db,noise,reverberant"),
        ("file,snr_db\na,loud\n", "snr_db must be a number of dB; .*m.csv:2 has 'loud'"),
        ("file,snr_db\na,nan\n", "snr_db must be a number of dB"),
        ("file,reverberant\na,maybe\n", "reverberant must be yes or no; .* has 'maybe'"),
        ("file,noise\nd,rain\n", "'d' is not \\(1 such lines\\)"),
    ],
)
def test_invalid_metadata_are_refused(tmp_path: pathlib.Path, text: str, message: str) -> None:
    write(tmp_path / "ref/a.wav", clean(0))
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(ConfigError, match=message):
        FolderSource([tmp_path / "ref"], metadata=read_metadata(tmp_path / "m.csv"))


def test_folders_that_hold_nothing_are_refused(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="There are no recordings in"):
        FolderSource([tmp_path])
    with pytest.raises(ConfigError, match=r"There is no folder of recordings .*no\."):
        FolderSource([tmp_path / "no"])
    with pytest.raises(ConfigError, match="`metadata` must be a CSV file"):
        read_metadata(tmp_path / "no.csv")


def test_what_cannot_be_read_says_why(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "stereo.wav", clean(0, 2.0).reshape(-1, 2))
    with pytest.raises(AudioError, match="must be mono; it has 2 channels"):
        read(tmp_path / "stereo.wav")
    write(tmp_path / "cut.wav", clean(0))
    whole = (tmp_path / "cut.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AudioError, match="damaged: the header claims"):
        read(tmp_path / "cut.wav")


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (
            ["lstm_irm", "a/best.keras", "b/best.keras"],
            ["lstm_irm", "a/best.keras", "b/best.keras"],
        ),
        (["served/m", "m.tflite"], ["m", "m.tflite"]),
        (["out/noisy", "out/b"], ["out/noisy", "b"]),
    ],
)
def test_labels_are_as_short_as_they_differ(names: list[str], labels: list[str]) -> None:
    assert short_labels(names) == labels


def test_models_are_named_once_and_exist(tmp_path: pathlib.Path) -> None:
    (found,) = models(["lstm_irm"])
    assert found.label == "lstm_irm" and found.sha256 is not None and len(found.sha256) == 64
    with pytest.raises(ConfigError, match="received 'nothing'"):
        models(["nothing"])
    with pytest.raises(ConfigError, match="must name every model once"):
        models(["lstm_irm", "lstm_irm"])
