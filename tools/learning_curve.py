"""Learning curve: a validation measurement over hours of mixtures, with a power law.

    python -m tools.learning_curve --points=runs/NAME/curve.csv --picture=curve.png

The file has the columns `hours`, `recipe` and `value`, and may have `low` and `high`, the 95 %
interval. A power law is fitted to the points of each recipe that has three or more, least
squares over the logarithms; what twice the hours would bring is printed. The picture has a
logarithmic scale of hours.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import math
import pathlib
import sys
from collections.abc import Mapping, Sequence

import numpy as np

# Fewer points always lie on a power law, or nearly so.
_POINTS_MIN = 3
_COLUMNS = ("hours", "recipe", "value")


@dataclasses.dataclass(frozen=True)
class Point:
    """Measurement after a number of hours.

    Attributes:
        hours: of mixtures since the start of the training.
        value: the measurement.
        low: lower end of its interval, `value` without one.
        high: upper end.
    """

    hours: float
    value: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class PowerLaw:
    """Power law `scale hours^exponent`.

    Attributes:
        scale: value after one hour.
        exponent: of the hours.
        largest_error: largest difference of a point from the law.
    """

    scale: float
    exponent: float
    largest_error: float

    def __call__(self, hours: float) -> float:
        """Returns the value after a number of hours."""
        return float(self.scale * hours**self.exponent)


def fitted(points: Sequence[Point]) -> PowerLaw:
    """Returns the power law through points, least squares over the logarithms.

    Raises:
        ValueError: fewer than three different hours, or a value that is not positive.
    """
    if (count := len({point.hours for point in points})) < _POINTS_MIN:
        raise ValueError(f"a power law needs {_POINTS_MIN} different hours; received {count}.")
    if any(point.value <= 0 for point in points):
        raise ValueError("values of a power law must be positive.")
    logs = np.log([[point.hours, point.value] for point in points])
    exponent, offset = np.polyfit(logs[:, 0], logs[:, 1], 1)
    law = PowerLaw(math.exp(offset), float(exponent), 0.0)
    errors = [abs(law(point.hours) - point.value) for point in points]
    return dataclasses.replace(law, largest_error=max(errors))


def read(path: pathlib.Path) -> dict[str, list[Point]]:
    """Returns the points of a file by recipe, in the order of their hours.

    Raises:
        ValueError: there are no points, or a cell is missing or no number in its range.
    """
    points: dict[str, list[Point]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        for row in rows:
            try:
                point = _point(row)
            except ValueError as error:
                raise ValueError(f"{path}, line {rows.line_num}: {error}.") from error
            points.setdefault(row["recipe"], []).append(point)
    if not points:
        raise ValueError(f"{path}: there are no points.")
    return {name: sorted(some, key=lambda point: point.hours) for name, some in points.items()}


def _point(row: Mapping[str, str]) -> Point:
    if missing := [name for name in _COLUMNS if not row.get(name)]:
        raise ValueError(f"{missing[0]} is missing")
    hours, value = float(row["hours"]), float(row["value"])
    low, high = (float(row.get(name) or value) for name in ("low", "high"))
    if not 0 < hours < math.inf:
        raise ValueError(f"hours must be positive; received {hours:g}")
    if not -math.inf < low <= value <= high < math.inf:
        raise ValueError(
            f"low, value and high must be finite and ascending; received {low:g}, {value:g}, "
            f"{high:g}"
        )
    return Point(hours, value, low, high)


def report(points: Mapping[str, Sequence[Point]]) -> list[str]:
    """Returns a line per recipe: its power law, or how many points it has."""
    return [f"{recipe}: {_described(some)}" for recipe, some in points.items()]


def _described(points: Sequence[Point]) -> str:
    law, last = _law(points), points[-1].hours
    if law is None:
        return f"number of points: {len(points)}; no power law."
    return (
        f"{law.scale:.3g} h^{law.exponent:.3f}, within {law.largest_error:.3f}; "
        f"twice the {last:g} hours would bring {law(2 * last) - law(last):+.3f}."
    )


def _law(points: Sequence[Point]) -> PowerLaw | None:
    try:
        return fitted(points)
    except ValueError:
        return None


def draw(points: Mapping[str, Sequence[Point]], label: str, path: pathlib.Path) -> None:
    """Draws the points, their intervals and power laws.

    Raises:
        ValueError: matplotlib does not know the ending of the path.
        OSError: the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for number, (recipe, some) in enumerate(points.items()):
        hours, values, low, high = np.transpose([dataclasses.astuple(point) for point in some])
        colour = f"C{number}"
        axes.errorbar(
            hours, values, (values - low, high - values), fmt="o", color=colour, label=recipe
        )
        if law := _law(some):
            span = np.geomspace(hours[0], 2 * hours[-1], 50)
            axes.plot(span, [law(hour) for hour in span], "--", color=colour, linewidth=1)
    axes.set_xscale("log")
    axes.set_xlabel("hours of mixtures")
    axes.set_ylabel(label)
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=100)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the power laws and draws the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=pathlib.Path, required=True, help="CSV file")
    parser.add_argument("--picture", type=pathlib.Path, help="PNG or SVG file to write")
    parser.add_argument("--label", default="change of PESQ", help="name of the measurement")
    options = parser.parse_args(arguments)
    try:
        points = read(options.points)
        print("\n".join(report(points)))
        if options.picture:
            draw(points, options.label, options.picture)
    except ImportError:
        sys.exit("pictures need matplotlib: pip install 'tfse[demo]'")
    except (OSError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
