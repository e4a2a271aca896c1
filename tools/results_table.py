"""Tables of an evaluation for the documentation: one row per model, and by SNR.

    tfse-evaluate --model=fastenhancer_base,dpcrn_medium --test_data=prepared --output_dir=report
    python -m tools.results_table report/report.json

Every value is the change against noisy with its 95 % interval; the last column of the first
table counts the recordings whose PESQ falls by more than 0.1, and whose STOI by more than 0.05.
"""

from __future__ import annotations

import argparse
import json
import pathlib
from collections.abc import Iterator

from benchmarks.table import header, row
from tools.model_card import METRICS, Json, change_of, interval, parts_of

# Heading of the columns of a group, and what is shown of it.
_GROUPS = (("no room", "no room"), ("in a room", "room"))
_SHOWN = (("pesq_wb", "PESQ", 3), ("si_sdr_db", "SI-SDR dB", 2))


def by_model(report: Json) -> Iterator[str]:
    """Yields the lines of a table with a row per model, in the order of their PESQ."""
    figures = report["figures"]
    rooms = parts_of(figures, "reverberation")
    groups = [(rooms[name], head) for name, head in _GROUPS if name in rooms]
    heads = [head for _, head, _ in METRICS]
    heads += [f"{head}: {metric}" for _, head in groups for _, metric, _ in _SHOWN]
    yield from header(["model", *heads, "PESQ, STOI fall"]).splitlines()
    for model in _models(report):
        change = change_of(figures, model)
        cells = [interval(change[name], digits) for name, _, digits in METRICS]
        for group, _ in groups:
            inside = group["differences_from_noisy"][model]
            cells += [interval(inside[name], digits) for name, _, digits in _SHOWN]
        counts = figures["harm"][model]["counts"]
        yield row([f"`{model}`", *cells, f"{counts['pesq']}, {counts['stoi']}"])


def by_snr(report: Json) -> Iterator[str]:
    """Yields the lines of a table with a row per model and metric, a column per band of SNR."""
    bands = report["figures"]["groups"]["snr"]
    names = [f"{band} ({group['n']})" for band, group in bands.items()]
    yield from header(["model", "change of", *names]).splitlines()
    for model in _models(report):
        for metric, head, digits in _SHOWN:
            found = [group["differences_from_noisy"][model][metric] for group in bands.values()]
            yield row([f"`{model}`", head, *(interval(value, digits) for value in found)])


def _models(report: Json) -> list[str]:
    figures = report["figures"]
    names = [name for name in figures["means"] if name != "noisy"]
    return sorted(names, key=lambda name: -change_of(figures, name)["pesq_wb"]["mean"])


def main() -> None:
    """Prints both tables, and the means of the noisy recordings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=pathlib.Path, help="report.json of tfse-evaluate")
    report = json.loads(parser.parse_args().report.read_text(encoding="utf-8"))
    figures = report["figures"]
    noisy = figures["means"]["noisy"]
    means = [f"{head} {noisy[name]['mean']:.{digits}f}" for name, head, digits in METRICS]
    print(f"{figures['recordings']} recordings; noisy: {', '.join(means)}\n")
    print("\n".join(by_model(report)))
    if figures["groups"].get("snr"):
        print("\n" + "\n".join(by_snr(report)))


if __name__ == "__main__":
    main()
