"""HTML tables of results."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

from tfse.metrics.registry import in_order, metric_of

Json = dict[str, Any]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """Returns a table of HTML cells; the first cell of each row is its head.

    A wide table scrolls by itself; the page does not.
    """
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    body = "".join(f'<tr><th scope="row">{first}</th>{"".join(rest)}</tr>' for first, *rest in rows)
    return (
        f'<div class="wide"><table class="{kind}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def text_cell(text: str, kind: str = "") -> str:
    """Returns a cell of plain text."""
    return f'<td class="{kind}">{html.escape(text)}</td>'


def mean_cell(found: Json | None, digits: int) -> str:
    """Returns a mean, its interval in small print, and n of N if values are missing."""
    if found is None:
        return '<td class="none">–</td>'
    return f"<td>{_estimate(found, digits)}</td>"


def change_cell(found: Json | None, digits: int, better: int) -> str:
    """Returns a difference, marked good or bad if its interval excludes zero."""
    if found is None:
        return '<td class="none">–</td>'
    return f'<td class="{_verdict(found, better)}">{_estimate(found, digits, "+")}</td>'


def means(figures: Json, systems: Sequence[str]) -> str:
    """Returns all means, one line per metric and one column per system."""
    own = figures["means"]
    names = in_order({name for system in systems for name in own[system]})
    rows = [
        [_metric_head(name)]
        + [mean_cell(own[system].get(name), metric_of(name).digits) for system in systems]
        for name in names
    ]
    return table(["", *map(html.escape, systems)], rows)


def differences(figures: Json) -> str:
    """Returns all paired differences, one line per metric and one column per pair."""
    pairs = figures["differences"]
    names = in_order({name for pair in pairs for name in pair["metrics"]})
    heads = [f"{html.escape(p['system'])} − {html.escape(p['baseline'])}" for p in pairs]
    rows = [
        [_metric_head(name)]
        + [
            change_cell(p["metrics"].get(name), metric_of(name).digits, metric_of(name).better)
            for p in pairs
        ]
        for name in names
    ]
    return table(["", *heads], rows)


def groups(groups: Json, systems: Sequence[str], metric: str) -> str:
    """Returns one metric by groups: means of all systems, and differences from noisy."""
    measure = metric_of(metric)
    changed = [s for s in systems if any(s in g["differences_from_noisy"] for g in groups.values())]
    heads = ["", "n", *systems, *(f"{system} − noisy" for system in changed)]
    rows = []
    for name, group in groups.items():
        cells = [mean_cell(group["means"][s].get(metric), measure.digits) for s in systems]
        against = group["differences_from_noisy"]
        cells += [
            change_cell(against[s].get(metric), measure.digits, measure.better) for s in changed
        ]
        rows.append([html.escape(name), f"<td>{group['n']}</td>", *cells])
    return table(list(map(html.escape, heads)), rows)


def _metric_head(name: str) -> str:
    measure = metric_of(name)
    arrow = {1: " ↑", -1: " ↓", 0: ""}[measure.better]
    meaning = html.escape(measure.meaning, quote=True)
    return f'<span title="{meaning}">{html.escape(measure.title)}{arrow}</span>'


def _estimate(found: Json, digits: int, sign: str = "") -> str:
    if found["mean"] is None:
        return f"none <small>0 of {found['of']}</small>"
    parts = [_number(found["mean"], digits, sign)]
    if found["low"] is not None:
        low, high = (_number(found[end], digits, sign) for end in ("low", "high"))
        parts.append(f"<small>{low} … {high}</small>")
    if found["n"] < found["of"]:
        parts.append(f'<small class="missing">{found["n"]} of {found["of"]}</small>')
    return " ".join(parts)


def _number(value: float, digits: int, sign: str) -> str:
    return format(value, f"{sign}.{digits}f").replace("-", "−")


def _verdict(found: Json, better: int) -> str:
    if not better or found["low"] is None or found["low"] <= 0 <= found["high"]:
        return ""
    return "good" if (found["mean"] > 0) == (better > 0) else "bad"
