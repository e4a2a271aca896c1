"""Learning curve: power law, file of points, and picture."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from tools import learning_curve
from tools.learning_curve import Point, fitted, read, report

POINTS = """hours,recipe,value,low,high
40,plain,0.8,0.7,0.9
10,plain,0.4,,
90,plain,1.2,1.1,1.3
100,other,1.0,,
"""


@pytest.fixture
def file(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "curve.csv"
    path.write_text(POINTS, encoding="utf-8")
    return path


def test_a_power_law_is_found() -> None:
    hours = np.array([3.0, 20.0, 80.0, 700.0])
    law = fitted([Point(hour, 0.5 * hour**0.14, 0.0, 0.0) for hour in hours])
    assert law.scale == pytest.approx(0.5)
    assert law.exponent == pytest.approx(0.14)
    assert law.largest_error < 1e-9
    assert law(100.0) == pytest.approx(0.5 * 100**0.14)


def test_points_are_sorted_and_their_intervals_may_be_missing(file: pathlib.Path) -> None:
    points = read(file)
    assert points["plain"] == [
        Point(10, 0.4, 0.4, 0.4),
        Point(40, 0.8, 0.7, 0.9),
        Point(90, 1.2, 1.1, 1.3),
    ]
    assert list(points) == ["plain", "other"]


def test_the_report_says_what_twice_the_hours_would_bring(file: pathlib.Path) -> None:
    # Exactly 0.4 (h / 10)^0.5.
    first, second = report(read(file))
    assert first == (
        "plain: 0.126 h^0.500, within 0.000; twice the 90 hours would bring "
        f"{1.2 * (2**0.5 - 1):+.3f}."
    )
    assert second == "other: number of points: 1; no power law."


def test_the_program_prints_and_draws(
    file: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "curve.png"
    learning_curve.main([f"--points={file}", f"--picture={picture}"])
    assert capsys.readouterr().out.count("\n") == 2
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", "there are no points"),
        ("40,plain,,,", "line 2: value is missing"),
        ("\n40,plain,much,,", "line 3: could not convert string to float: 'much'"),
        ("0,plain,1,,", "line 2: hours must be positive; received 0"),
        ("1,plain,nan,,", "line 2: low, value and high must be finite and ascending"),
        ("1,plain,1,2,3", "received 2, 1, 3"),
    ],
)
def test_bad_points_are_named(tmp_path: pathlib.Path, lines: str, message: str) -> None:
    path = tmp_path / "curve.csv"
    path.write_text(f"hours,recipe,value,low,high\n{lines}\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=message):
        learning_curve.main([f"--points={path}"])


@pytest.mark.parametrize("name", ["curve.xyz", "missing/curve.png"])
def test_a_picture_that_cannot_be_written_is_one_line(
    file: pathlib.Path, tmp_path: pathlib.Path, name: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        learning_curve.main([f"--points={file}", f"--picture={tmp_path / name}"])
    assert "\n" not in str(stopped.value)


def test_what_has_no_power_law() -> None:
    with pytest.raises(ValueError, match="needs 3 different hours; received 2"):
        fitted([Point(hours, 1, 1, 1) for hours in (1, 2, 2)])
    falls = [Point(hours, value, value, value) for hours, value in ((1, -1), (2, 1), (3, 2))]
    with pytest.raises(ValueError, match="must be positive"):
        fitted(falls)
    assert report({"plain": falls}) == ["plain: number of points: 3; no power law."]
