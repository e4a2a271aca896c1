"""Split file: splits of earlier data, kept for known groups."""

from __future__ import annotations

import csv
import pathlib
import shutil

import numpy as np
import pytest
import soundfile

from tests.data.corpus import VOICES, settings
from tfse.data.preparation.prepare import prepare
from tfse.data.preparation.split_file import KnownSplits, read_split_file, write_split_file
from tfse.data.preparation.splits import assign_splits
from tfse.data.records import index
from tfse.errors import ConfigError, DataError

FRACTIONS = {"valid": 0.1, "test": 0.1}
OLD = {"a": "train", "b": "valid", "c": "test", "gone": "valid"}


def assign(seconds: dict[str, float], **changes: object) -> dict[str, str]:
    return assign_splits(seconds, FRACTIONS, seed=0, name="rir", **{"known": OLD, **changes})


def test_known_groups_keep_their_split_and_new_ones_are_split_by_their_own_number() -> None:
    new = {f"new{n}": 1.0 + n for n in range(20)}
    splits = assign({"a": 1.0, "b": 1.0, "c": 1.0, **new})
    assert {group: splits[group] for group in "abc"} == {"a": "train", "b": "valid", "c": "test"}
    assert "gone" not in splits
    sides = [splits[group] for group in new]
    assert [sides.count(split) for split in ("train", "valid", "test")] == [16, 2, 2]


def test_groups_that_are_forced_to_training_have_no_share() -> None:
    new = {f"new{n}": 1.0 for n in range(10)} | {f"simulated-{n:05d}": 1.0 for n in range(500)}
    splits = assign(new, train_groups=["simulated-*"])
    assert {splits[group] for group in new if group.startswith("sim")} == {"train"}
    sides = [splits[f"new{n}"] for n in range(10)]
    assert [sides.count(split) for split in ("train", "valid", "test")] == [8, 1, 1]


def test_with_all_groups_known_nothing_is_assigned() -> None:
    seconds = {"a": 1.0, "b": 1.0, "c": 1.0}
    assert assign(seconds) == {"a": "train", "b": "valid", "c": "test"}


def test_few_new_groups_go_to_training_where_every_split_has_known_ones() -> None:
    splits = assign({"a": 1.0, "b": 1.0, "c": 1.0, "new": 1.0})
    assert splits["new"] == "train"


def test_a_split_without_known_groups_takes_a_new_one_or_is_refused() -> None:
    splits = assign({"a": 1.0, "b": 1.0, "new": 1.0})
    assert splits == {"a": "train", "b": "valid", "new": "test"}
    with pytest.raises(ConfigError, match=r"rir must have a group .* --test_fraction=0\.$"):
        assign({"a": 1.0, "b": 1.0})


def test_train_groups_must_not_contradict_what_is_known() -> None:
    message = (
        r"`train_groups` must not contradict `splits_from`; received rir 'b', which is in valid"
    )
    with pytest.raises(ConfigError, match=message):
        assign({"a": 1.0, "b": 1.0, "c": 1.0}, train_groups=["?"])


def write(path: pathlib.Path, *lines: str) -> pathlib.Path:
    path.write_text("\n".join(["set,group,split", *lines]) + "\n", encoding="utf-8")
    return path


def test_an_index_and_its_csv_say_the_same(prepared: pathlib.Path, tmp_path: pathlib.Path) -> None:
    from_index = read_split_file(prepared / "index.json")
    assert set(from_index.of["speech"]) == set(VOICES)
    assert read_split_file(prepared / "splits.csv") == from_index
    write_split_file(tmp_path / "again.csv", index.read_index(prepared))
    assert (tmp_path / "again.csv").read_bytes() == (prepared / "splits.csv").read_bytes()
    with (prepared / "splits.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["set", "group", "split"]
    assert len(rows) == 6 + 6 + 4
    assert [row[:2] for row in rows[:2]] == [["speech", "anna"], ["speech", "bela"]]
    assert [row[1] for row in rows[12:]] == ["attic", "cellar", "church", "hall"]


def test_the_checksum_is_that_of_what_is_said(tmp_path: pathlib.Path) -> None:
    one = write(tmp_path / "one.csv", "speech,a,train", "rir,b,test")
    two = write(tmp_path / "two.csv", "rir,b,test", "", "speech,a,train", "speech,a,train")
    other = write(tmp_path / "other.csv", "rir,b,valid", "speech,a,train")
    first, second, third = (read_split_file(path).checksum for path in (one, two, other))
    assert first == second != third
    assert first != KnownSplits().checksum


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("set,group,side\n", "must be an index.json or a CSV with the columns set,group,split"),
        ("", "with the columns set,group,split; received .*which has other columns"),
        ("set,group,split\nspeech,a\n", "with the line 'speech,a'"),
        ("set,group,split\nspeech,a,dev\n", "a split of train, valid, test; received speech,a,dev"),
        ("set,group,split\nmusic,a,test\n", "must list a set of speech, noise, rir"),
        ("set,group,split\nrir,,test\n", "received rir,,test in"),
        ("set,group,split\nrir,a,test\nrir,a,train\n", "received rir 'a' in test and train"),
    ],
)
def test_an_invalid_split_file_is_refused(
    tmp_path: pathlib.Path, content: str, message: str
) -> None:
    path = tmp_path / "splits.csv"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(DataError, match=message):
        read_split_file(path)


def test_a_missing_file_and_another_json_are_refused(tmp_path: pathlib.Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(ConfigError, match="`splits_from` must be a file; received"):
            read_split_file(path)
    (tmp_path / "index.json").write_text('{"format": "other"}')
    with pytest.raises(DataError, match=r"index\.json is not of the format 'tfse-data-1'"):
        read_split_file(tmp_path / "index.json")


def test_a_larger_corpus_keeps_the_split_of_the_smaller(
    corpus: pathlib.Path, prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    shutil.copytree(corpus, tmp_path / "more")
    for name in ("gina", "hugo"):
        (tmp_path / "more/speech" / name).mkdir()
        tone = 0.1 * np.sin(np.arange(16000) / 10)
        soundfile.write(tmp_path / "more/speech" / name / "0.wav", tone, 16000)
    known = str(prepared / "index.json")
    made = prepare(settings(tmp_path / "more", tmp_path / "out", splits_from=known, seed=9))
    before, after = read_split_file(known), read_split_file(tmp_path / "out/splits.csv")
    for name, groups in before.of.items():
        assert {group: after.of[name][group] for group in groups} == groups
    assert set(after.of["speech"]) - set(before.of["speech"]) == {"gina", "hugo"}
    assert made.index.settings["splits_from"] == before.checksum


def test_another_file_is_another_plan_but_another_place_of_it_is_not(
    corpus: pathlib.Path, prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    out, moved = tmp_path / "out", tmp_path / "moved.csv"
    prepare(settings(corpus, out, splits_from=str(prepared / "index.json")))
    shutil.copy(prepared / "splits.csv", moved)
    assert prepare(settings(corpus, out, splits_from=str(moved))).was_there
    moved.write_text(moved.read_text() + "speech,zoe,test\n")
    with pytest.raises(ConfigError, match="holds data of other recordings or settings"):
        prepare(settings(corpus, out, splits_from=str(moved)))
    with pytest.raises(ConfigError, match="holds data of other recordings or settings"):
        prepare(settings(corpus, out))
