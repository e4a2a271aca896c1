from __future__ import annotations

import os

import pytest

from tfse import csv_rows


@pytest.mark.parametrize(
    "name",
    [
        "a.wav",
        '=HYPERLINK("http://x","y").wav',
        "+1.wav",
        "-1.wav",
        "@x.wav",
        "\tx.wav",
        "'tis.wav",
        "a,b\nc.wav",
        os.fsdecode(b"\xe9.wav"),
        "día.wav",
    ],
)
def test_any_name_comes_back(name: str) -> None:
    assert csv_rows.decode(csv_rows.encode([["file"], [name]])) == [["file"], [name]]


def test_no_text_is_a_formula_and_numbers_are_numbers() -> None:
    assert csv_rows.encode([["=1+1", -1.5, None, "+x", "-3.20"]]) == b"'=1+1,-1.5,,'+x,-3.20\n"
