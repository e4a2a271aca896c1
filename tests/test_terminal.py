from __future__ import annotations

import io
import itertools

import pytest

from tfse.terminal import ProgressLines, one_line, progress_bar


def test_lines_come_early_and_then_once_a_minute() -> None:
    stream, seconds = io.StringIO(), itertools.count()
    lines = ProgressLines(200, "row", stream, lambda: float(next(seconds)))
    for _ in range(130):
        lines.update()
    assert stream.getvalue().splitlines() == [
        "10 of 200 row, 3 min left",
        "70 of 200 row, 2 min left",
        "130 of 200 row, 1 min left",
    ]


def test_skipped_work_does_not_count_towards_the_speed() -> None:
    stream, seconds = io.StringIO(), itertools.count(0, 60)
    lines = ProgressLines(103, "row", stream, lambda: float(next(seconds)))
    lines.skip(100)
    lines.update()
    assert stream.getvalue() == "101 of 103 row, 2 min left\n"


def test_a_length_that_is_not_known_is_left_out() -> None:
    stream, seconds = io.StringIO(), itertools.count(0, 60)
    ProgressLines(None, "s", stream, lambda: float(next(seconds))).update(2.4)
    assert stream.getvalue() == "2 s\n"


def test_a_job_of_seconds_prints_nothing_but_what_is_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress_bar(10, "file") as progress:
        progress.update()
        progress.write("a.wav: done")
    assert capsys.readouterr().err == "a.wav: done\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("día 1.wav: done", "día 1.wav: done"),
        ("a\nb\t.wav", r"a\nb\t.wav"),
        ("\x1b[2Ja.wav", r"\x1b[2Ja.wav"),
        ("\udce9t.wav", r"\udce9t.wav"),
        ("a\u202eb", r"a\u202eb"),
    ],
)
def test_a_name_cannot_disturb_a_terminal(text: str, shown: str) -> None:
    assert one_line(text) == shown
    shown.encode("utf-8")
