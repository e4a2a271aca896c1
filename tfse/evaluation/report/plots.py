"""Plots as SVG: a metric against SNR, and noisy against enhanced."""

from __future__ import annotations

import dataclasses
import html
import math
from collections.abc import Iterator, Sequence

import numpy as np

_WIDTH, _HEIGHT = 460, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 12, 12, 58
#: Largest number of points; of more, which are hard to distinguish, a sample is drawn.
MOST_POINTS = 2_000


@dataclasses.dataclass(frozen=True)
class Series:
    """One line of a plot against SNR.

    Attributes:
        colour: number of the system, which decides the colour.
        means: mean of each group, None for none.
        lows: lower ends of the intervals.
        highs: upper ends of the intervals.
    """

    colour: int
    means: Sequence[float | None]
    lows: Sequence[float | None]
    highs: Sequence[float | None]


@dataclasses.dataclass(frozen=True)
class _Scale:
    """Scale from values to pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


def against_groups(groups: Sequence[str], series: Sequence[Series], label: str) -> str:
    """Returns a plot of means with intervals per group, one line per system.

    Args:
        groups: names of the groups, from left to right.
        series: series of the systems.
        label: label of the metric.
    """
    values = [v for s in series for part in (s.means, s.lows, s.highs) for v in part]
    known = [v for v in values if v is not None]
    if not known:
        return ""
    y = _vertical(known)
    step = (_WIDTH - _LEFT - _RIGHT) / len(groups)
    centres = [_LEFT + (n + 0.5) * step for n in range(len(groups))]
    parts = list(_horizontal_grid(y))
    for x, name in zip(centres, groups, strict=True):
        parts.append(_text(x, _HEIGHT - _BOTTOM + 18, name, "middle"))
    parts.append(_text(_WIDTH / 2, _HEIGHT - 8, "SNR", "middle", "axis"))
    for number, one in enumerate(series):
        # Shifted, so that intervals do not overlap.
        shift = (number - (len(series) - 1) / 2) * 7
        parts += _line(one, [x + shift for x in centres], y)
    return _svg(parts, f"{label} against SNR")


def scatter(points: Sequence[tuple[int, Sequence[tuple[float, float]]]], label: str) -> str:
    """Returns a plot of one point per file, enhanced over noisy, with the diagonal.

    Args:
        points: number of the colour and pairs of values of each system.
        label: label of the metric.
    """
    values = [value for _, pairs in points for pair in pairs for value in pair]
    if not values:
        return ""
    y = _vertical(values)
    x = dataclasses.replace(y, start=_LEFT, end=_WIDTH - _RIGHT)
    parts = list(_horizontal_grid(y))
    for tick in _ticks(x.low, x.high):
        parts.append(_text(x(tick), _HEIGHT - _BOTTOM + 18, f"{tick:g}", "middle"))
    parts.append(_text(_WIDTH / 2, _HEIGHT - 8, f"{label}, noisy", "middle", "axis"))
    corners = f"M{x(x.low)},{y(y.low)}L{x(x.high)},{y(y.high)}"
    parts.append(f'<path class="diagonal" d="{corners}"/>')
    for colour, pairs in points:
        # Lines of zero length with round ends take a tenth of the bytes of circles.
        marks = "".join(f"M{x(before)},{y(after)}h0" for before, after in _thinned(pairs))
        parts.append(f'<path class="points s{colour}" d="{marks}"/>')
    return _svg(parts, f"{label}: enhanced against noisy")


def _thinned(pairs: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    if len(pairs) <= MOST_POINTS:
        return pairs
    kept = np.random.default_rng(0).choice(len(pairs), MOST_POINTS, replace=False)
    return [pairs[n] for n in sorted(kept)]


def _vertical(values: Sequence[float]) -> _Scale:
    low, high = min(values), max(values)
    margin = 0.05 * (high - low) or max(abs(high), 1.0) * 0.05
    return _Scale(low - margin, high + margin, _HEIGHT - _BOTTOM, _TOP)


def _ticks(low: float, high: float) -> list[float]:
    """Returns about five round numbers between two values."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(f * power for f in (1, 2, 2.5, 5, 10) if f * power >= rough)
    first = math.ceil(low / step)
    # Rounded, to avoid labels such as 0.30000000000000004.
    return [round(n * step, 12) for n in range(first, math.floor(high / step) + 1)]


def _horizontal_grid(y: _Scale) -> Iterator[str]:
    for tick in _ticks(y.low, y.high):
        yield f'<path class="grid" d="M{_LEFT},{y(tick)}H{_WIDTH - _RIGHT}"/>'
        yield _text(_LEFT - 8, y(tick) + 4, f"{tick:g}", "end")


def _line(series: Series, centres: Sequence[float], y: _Scale) -> Iterator[str]:
    known = [(x, v) for x, v in zip(centres, series.means, strict=True) if v is not None]
    if not known:
        return
    path = "L".join(f"{x:.1f},{y(v)}" for x, v in known)
    marks = "".join(f"M{x:.1f},{y(v)}h0" for x, v in known)
    bars = "".join(
        f"M{x:.1f},{y(low)}V{y(high)}"
        for x, low, high in zip(centres, series.lows, series.highs, strict=True)
        if low is not None and high is not None
    )
    yield f'<path class="bars s{series.colour}" d="{bars}"/>'
    yield f'<path class="line s{series.colour}" d="M{path}"/>'
    yield f'<path class="marks s{series.colour}" d="{marks}"/>'


def _text(x: float, y: float, text: str, anchor: str, kind: str = "tick") -> str:
    escaped = html.escape(text)
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escaped}</text>'


def _svg(parts: Sequence[str], title: str) -> str:
    name = html.escape(title, quote=True)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{name}">'
        f"{''.join(parts)}</svg>"
    )
