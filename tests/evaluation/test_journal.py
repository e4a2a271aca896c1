from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from tests.evaluation.small_sets import row
from tfse.errors import ConfigError
from tfse.evaluation.journal import NAME, Journal
from tfse.evaluation.sources.recordings import Facts

IDENTITY: dict[str, Any] = {"source": {"split": "test", "settings": (1, 2)}, "systems": {"a": "x"}}
ROWS = [row(number, "a", Facts(1.5, "rain", True), stoi=0.1 * number) for number in range(3)]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    with Journal(tmp_path / "out", IDENTITY) as journal:
        for one in ROWS:
            journal.add(one)
    return tmp_path / "out"


def test_rows_come_back_as_they_were(folder: pathlib.Path) -> None:
    with Journal(folder, IDENTITY) as journal:
        assert journal.rows == ROWS


def test_a_row_is_on_the_disk_at_once(tmp_path: pathlib.Path) -> None:
    with Journal(tmp_path, IDENTITY) as journal:
        journal.add(ROWS[0])
        assert json.loads((tmp_path / NAME).read_text().splitlines()[1])["file"] == "0.wav"


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_line_that_was_cut_is_measured_again(folder: pathlib.Path, cut: int) -> None:
    path = folder / NAME
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    with Journal(folder, IDENTITY) as journal:
        assert journal.rows == ROWS[:2]
        journal.add(ROWS[2])
    assert path.read_bytes() == whole


def test_a_cut_first_line_loses_nothing(folder: pathlib.Path) -> None:
    (folder / NAME).write_bytes(b'{"format": "tf')
    with Journal(folder, IDENTITY) as journal:
        assert journal.rows == []
        journal.add(ROWS[0])
    with Journal(folder, IDENTITY) as journal:
        assert journal.rows == ROWS[:1]


def test_another_evaluation_is_refused_with_the_difference(folder: pathlib.Path) -> None:
    other = {**IDENTITY, "source": {"split": "valid", "settings": (1, 2)}}
    with pytest.raises(ConfigError, match=r'source\.split was "test" and is "valid"'):
        Journal(folder, other)
    with Journal(folder, other, overwrite=True) as journal:
        assert journal.rows == []
    with pytest.raises(ConfigError, match=r'source\.split was "valid" and is "test"'):
        Journal(folder, IDENTITY)


def test_a_file_of_another_kind_is_refused(folder: pathlib.Path) -> None:
    (folder / NAME).write_text('{"my": "notes"}\n')
    with pytest.raises(ConfigError, match="is not a journal of tfse-evaluation-1; use --overwrite"):
        Journal(folder, IDENTITY)


def test_two_at_a_time_are_refused(folder: pathlib.Path) -> None:
    with (
        Journal(folder, IDENTITY),
        pytest.raises(ConfigError, match="Another evaluation is running in"),
    ):
        Journal(folder, IDENTITY, overwrite=True)
    with Journal(folder, IDENTITY) as journal:
        assert journal.rows == ROWS
