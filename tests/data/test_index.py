from __future__ import annotations

import json
import pathlib
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from tfse.data.records import index
from tfse.data.records.summary import split_table
from tfse.errors import DataError


@pytest.fixture
def copy(prepared: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    return pathlib.Path(shutil.copytree(prepared, tmp_path / "copy"))


def change(folder: pathlib.Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    value = json.loads((folder / "index.json").read_text())
    edit(value)
    (folder / "index.json").write_text(json.dumps(value))


def test_what_is_written_is_read_again(copy: pathlib.Path) -> None:
    found = index.read_index(copy)
    index.write_index(copy, found)
    assert index.read_index(copy) == found
    assert not list(copy.glob("*.tmp"))


def test_a_missing_folder_and_a_missing_index_are_two_things(tmp_path: pathlib.Path) -> None:
    with pytest.raises(DataError, match=r"must be a folder that tfse-prepare made; received .*/no"):
        index.read_index(tmp_path / "no")
    with pytest.raises(DataError, match=r"has no index\.json, which tfse-prepare writes last"):
        index.read_index(tmp_path)


def test_a_shard_that_is_missing_or_cut_is_named(copy: pathlib.Path) -> None:
    shard = copy / index.read_index(copy).shards[1].file
    size = shard.stat().st_size
    shard.write_bytes(shard.read_bytes()[:-1])
    message = rf"{shard} has {size - 1} bytes, but its index lists {size}\."
    with pytest.raises(DataError, match=message):
        index.read_index(copy)
    shard.unlink()
    with pytest.raises(DataError, match=rf"{shard} is missing\."):
        index.read_index(copy)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda v: v.update(format="other"), r"is not of the format 'tfse-data-1'"),
        (lambda v: v.pop("shards"), "is not a complete index"),
        (lambda v: v.pop("encoding"), "is not a complete index"),
        (lambda v: v["shards"][0].pop("sha256"), "is not a complete index"),
        (lambda v: v["shards"][0]["records"][0].pop("offset"), "is not a complete index"),
        (
            lambda v: v["shards"][0].update(file="../a.tfrecord"),
            "must be in the folder of its index",
        ),
        (lambda v: v["shards"][0].update(file="/etc/passwd"), "must be in the folder of its index"),
        (lambda v: v["shards"][0].update(split="test"), r"A group must be in one split; "),
    ],
)
def test_an_invalid_index_is_refused(
    copy: pathlib.Path, edit: Callable[[dict[str, Any]], Any], message: str
) -> None:
    change(copy, edit)
    with pytest.raises(DataError, match=message):
        index.read_index(copy)


@pytest.mark.parametrize("text", ["{", "[]", "null"])
def test_a_file_that_is_not_an_index_is_refused(copy: pathlib.Path, text: str) -> None:
    (copy / "index.json").write_text(text)
    with pytest.raises(DataError, match=r"index\.json is not (JSON|of the format)"):
        index.read_index(copy)


def test_a_flipped_bit_is_found_by_the_checksums(copy: pathlib.Path) -> None:
    found = index.read_index(copy)
    shard = copy / found.shards[-1].file
    data = bytearray(shard.read_bytes())
    data[-1] ^= 1
    shard.write_bytes(data)
    with pytest.raises(
        DataError, match=rf"{shard} has changed since it was written: its checksum differs"
    ):
        index.verify_checksums(copy, found)


def test_the_table_counts_what_is_there(prepared: pathlib.Path) -> None:
    heading, *rows = split_table(index.read_index(prepared)).splitlines()
    assert heading.split() == ["set", "split", "groups", "records", "hours", "shards", "MB"]
    assert len(rows) == 9
    groups = [int(row.split()[2]) for row in rows]
    assert (sum(groups[:3]), sum(groups[3:6]), sum(groups[6:])) == (6, 6, 4)
