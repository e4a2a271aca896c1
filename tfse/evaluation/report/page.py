"""Report page: `report.html`, a single self-contained file."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any

from tfse.evaluation.report import plots, tables
from tfse.evaluation.report.console import of_clusters
from tfse.evaluation.report.degraded_files import LEVEL_SHIFT_DB, PESQ_FALL, STOI_FALL
from tfse.evaluation.report.excerpts import Excerpt
from tfse.evaluation.report.recording_cards import MOST_S, card
from tfse.evaluation.results import Results
from tfse.evaluation.sources.systems import NOISY
from tfse.metrics.registry import PRINCIPAL, in_order, metric_of

Json = dict[str, Any]

_MOST_DEGRADED = 50
_MOST_UNMEASURED = 200
_GROUPS = {"snr": "By SNR", "noise": "By kind of noise", "reverberation": "By reverberation"}


def page(report: Json, results: Results, excerpts: Sequence[Excerpt], embed_audio: bool) -> str:
    """Returns the whole page.

    Args:
        report: as in `report.json`.
        results: rows of the report.
        excerpts: recordings to show.
        embed_audio: whether they have players.
    """
    figures = report["figures"]
    body = "".join(
        (
            _head(report),
            _section("Means", tables.means(figures, results.systems), _MEANS_NOTE),
            _changes(figures),
            _by_group(report, results),
            _degraded(figures["harm"]),
            _examples(excerpts, results, embed_audio),
            _unmeasured(figures["unmeasured"]),
            _provenance(report),
        )
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>tfse-evaluate</title><style>{_asset('page.css')}</style></head>"
        f"<body><main>{body}</main><script>{_asset('page.js')}</script></body></html>\n"
    )


_MEANS_NOTE = (
    "Small print: 95 % intervals by bootstrap over files, wider if files share a speaker, a noise "
    "recording or a room; “n of N” if some files have no value. ↑ higher is better, ↓ lower is "
    "better. PESQ wide-band and narrow-band are not comparable."
)
_CHANGES_NOTE = (
    "Mean of the differences over the files for which both have a value. Green is better and red "
    "is worse if the 95 % interval excludes zero."
)


def _section(title: str, content: str, note: str = "") -> str:
    says = f'<p class="note">{html.escape(note)}</p>' if note else ""
    return f"<section><h2>{html.escape(title)}</h2>{says}{content}</section>"


def _head(report: Json) -> str:
    figures = report["figures"]
    failed = figures["failed_rows"]
    state = f"{failed} rows with a fault, see below" if failed else "everything was measured"
    recordings = f"{figures['recordings']} recordings{of_clusters(figures['clusters'])}"
    summary = f"{recordings}, {figures['seconds']:.0f} s · {state}"
    return (
        f"<header><h1>Evaluation</h1><p>{html.escape(summary)}</p>"
        f'<div class="tiles">{"".join(_tiles(figures))}</div></header>'
    )


def _tiles(figures: Json) -> Iterator[str]:
    for number, (system, means) in enumerate(figures["means"].items()):
        against = _against_noisy(figures, system)
        lines = [_tile_line(name, means, against) for name in PRINCIPAL if name in means]
        yield (
            f'<div class="tile"><h3><i class="s{number}"></i>{html.escape(system)}</h3>'
            f"<table>{''.join(lines)}</table></div>"
        )


def _against_noisy(figures: Json, system: str) -> Json:
    pairs = ((d["system"], d["baseline"], d["metrics"]) for d in figures["differences"])
    return next((m for s, baseline, m in pairs if (s, baseline) == (system, NOISY)), {})


def _tile_line(name: str, means: Json, against: Json) -> str:
    measure, mean = metric_of(name), means[name]["mean"]
    value = "none" if mean is None else f"{mean:.{measure.digits}f}".replace("-", "−")
    change = ""
    if name in against:
        change = tables.change_cell(against[name], measure.digits, measure.better)
    return f"<tr><th>{html.escape(measure.short)}</th><td>{value}</td>{change}</tr>"


def _changes(figures: Json) -> str:
    if not figures["differences"]:
        return ""
    return _section("Paired differences", tables.differences(figures), _CHANGES_NOTE)


def _by_group(report: Json, results: Results) -> str:
    figures = report["figures"]
    names = in_order({name for means in figures["means"].values() for name in means})
    options = "".join(
        f'<option value="{html.escape(n, quote=True)}">{html.escape(metric_of(n).title)}</option>'
        for n in names
    )
    chooser = f'<p><label>Metric <select id="metric">{options}</select></label></p>'
    panels = "".join(
        f'<div class="panel" data-metric="{html.escape(name, quote=True)}"'
        f"{'' if name == names[0] else ' hidden'}>{_panel(name, figures, results)}</div>"
        for name in names
    )
    note = "Groups of 5 files or more have intervals."
    if figures["snr_is_measured"]:
        note += " The SNR was measured from the noisy and the clean recordings."
    return _section("Results by condition", chooser + panels, note) if names else ""


def _panel(name: str, figures: Json, results: Results) -> str:
    label = metric_of(name).title
    drawn = [_against_snr(name, label, figures, results), _scatter(name, label, results)]
    shown = "".join(f"<div>{plot}</div>" for plot in drawn if plot)
    parts = [f'<div class="plots">{shown}</div>{_legend(results)}' if shown else ""]
    for key, title in _GROUPS.items():
        if key in figures["groups"]:
            content = tables.groups(figures["groups"][key], results.systems, name)
            parts.append(f"<h3>{title}</h3>{content}")
    return "".join(parts)


def _legend(results: Results) -> str:
    entries = "".join(
        f'<span><i class="s{n}"></i>{html.escape(s)}</span>' for n, s in enumerate(results.systems)
    )
    return f'<p class="legend">{entries}</p>'


def _against_snr(name: str, label: str, figures: Json, results: Results) -> str:
    groups = figures["groups"].get("snr", {})
    series = []
    for number, system in enumerate(results.systems):
        found = [group["means"][system].get(name, {}) for group in groups.values()]
        parts = ([one.get(end) for one in found] for end in ("mean", "low", "high"))
        series.append(plots.Series(number, *parts))
    return plots.against_groups([g.replace(" dB", "") for g in groups], series, label)


def _scatter(name: str, label: str, results: Results) -> str:
    if not results.has_noisy:
        return ""
    points = []
    for number, system in enumerate(results.systems):
        if system != NOISY:
            both = (
                (results.value(i, NOISY, name), results.value(i, system, name))
                for i in results.indices
            )
            pairs = [(x, y) for x, y in both if x is not None and y is not None]
            points.append((number, pairs))
    return plots.scatter(points, label)


def _degraded(found_by_system: Json) -> str:
    note = (
        f"Files whose PESQ is more than {PESQ_FALL:g} or whose STOI is more than {STOI_FALL:g} "
        f"below noisy, whose level differs from clean by more than {LEVEL_SHIFT_DB:g} dB, or that "
        "are clipped more than the noisy recording."
    )
    heads = ["system", "files", "PESQ", "STOI", "level", "clipping", "comparable with noisy"]
    rows = [
        [
            html.escape(system),
            *(
                f"<td>{'–' if value is None else value}</td>"
                for value in (found["files"], *found["counts"].values(), found["comparable"])
            ),
        ]
        for system, found in found_by_system.items()
    ]
    lists = "".join(_degraded_files(s, f) for s, f in found_by_system.items() if f["files"])
    return _section("Degraded files", tables.table(heads, rows) + lists, note)


def _degraded_files(system: str, found: Json) -> str:
    heads = ["file", "kind", "PESQ change", "STOI change", "level dB", "clipped"]
    rows = [
        [
            html.escape(one["file"]),
            tables.text_cell(", ".join(one["kinds"]), "text"),
            _signed(one["pesq_change"], 3),
            _signed(one["stoi_change"], 3),
            _signed(one["level_change_db"], 1),
            _signed(one["share_of_clipped"], 5),
        ]
        for one in found["worst"][:_MOST_DEGRADED]
    ]
    count = len(found["worst"])
    shown = f"the worst {_MOST_DEGRADED} of {count}" if count > _MOST_DEGRADED else f"{count}"
    return (
        f"<details><summary>{html.escape(system)}: {shown} files</summary>"
        f"{tables.table(heads, rows)}</details>"
    )


def _signed(value: float | None, digits: int) -> str:
    return tables.text_cell("–" if value is None else f"{value:+.{digits}f}".replace("-", "−"))


def _examples(excerpts: Sequence[Excerpt], results: Results, embed_audio: bool) -> str:
    if not excerpts:
        return ""
    note = (
        "The worst, the median and the best of each system, by the change of PESQ and STOI "
        f"relative to the limits of degraded files. The first {MOST_S:g} s; spectrograms of one "
        "recording share a scale."
    )
    if not embed_audio:
        note += " This report has no audio."
    cards = "".join(card(excerpt, results, embed_audio) for excerpt in excerpts)
    return _section("Examples", cards, note)


def _unmeasured(found: Sequence[Json]) -> str:
    if not found:
        return ""
    rows = [
        [
            html.escape(one["file"]),
            tables.text_cell(one["system"], "text"),
            tables.text_cell(", ".join(one["metrics"]) or "–", "text"),
            tables.text_cell(one["reason"], "text"),
            tables.text_cell("fault" if one["failed"] else "limit of the metric", "text"),
        ]
        for one in found[:_MOST_UNMEASURED]
    ]
    note = f"{len(found)} entries; all of them are in report.json."
    heads = ["file", "system", "metrics", "reason", "kind"]
    return _section("Missing values", tables.table(heads, rows, "reasons"), note)


def _provenance(report: Json) -> str:
    run = report["run"]
    facts = {
        "command": run["command"],
        "finished": run["finished"],
        "took": f"{run['seconds']:.1f} s, {run['jobs']} jobs, {run['rows_measured']} rows measured",
        **{
            f"real-time factor, {system}": f"{found['mean']:.4f}"
            for system, found in run["real_time_factor"].items()
            if found["mean"] is not None
        },
        **{f"SHA-256, {name}": value for name, value in report["hashes"].items()},
        "seeds": ", ".join(f"{name} {value}" for name, value in report["seeds"].items()),
        "versions": ", ".join(f"{name} {v}" for name, v in report["versions"].items() if v),
    }
    rows = [[html.escape(name), tables.text_cell(value, "text")] for name, value in facts.items()]
    return _section("Provenance", tables.table(["", ""], rows, "made"))


def _asset(name: str) -> str:
    return resources.files("tfse.evaluation.report").joinpath(name).read_text(encoding="utf-8")
