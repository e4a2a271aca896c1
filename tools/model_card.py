"""Model card writer: replaces the measured part of a card, between its two marks.

    tfse-evaluate --model=NAME --test_data=prepared --output_dir=report
    tfse-verify --model=NAME --data_dir=prepared --report=verified
    python -m tools.model_card --model=NAME --card=tfse/pretrained/NAME.md \\
        --evaluations=report/report.json --verification=verified.json

Several evaluations are separated by commas; each is preceded by its command. Without
--verification the card keeps its table of exports. All results of a card come from this program.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.table import header, row

Json = dict[str, Any]

BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"
_EXPORTS = "Exports against the offline model"
#: Metric in a report, heading of its column, digits.
METRICS = (("pesq_wb", "PESQ-wb", 3), ("stoi", "STOI", 3), ("si_sdr_db", "SI-SDR dB", 2))
_VARIANT_COLUMNS = (
    "variant",
    "size MB",
    "max difference",
    "SNR dB",
    "PESQ",
    "worst PESQ",
    "SI-SDR dB",
    "loud SNR dB",
    "loud PESQ",
    "ms per step",
)


def measured(model: str, facts: str, evaluations: Sequence[Json], exports: str) -> str:
    """Returns the measured part of a card.

    Args:
        model: name of the system in the reports.
        facts: line on size, cost and latency.
        evaluations: contents of `report.json`.
        exports: see `exports_part`; empty for none.
    """
    tables = ["\n".join(_evaluation(model, report)) for report in evaluations]
    return "\n\n".join(filter(None, [facts, *tables, exports]))


def exports_part(variants: Sequence[Json]) -> str:
    """Returns the table of a verification with its heading."""
    heading = (
        f"{_EXPORTS}: means, the recording that loses most PESQ, and the first ten\n"
        "recordings at -6 dBFS (loud); time per step is per hop, one thread:"
    )
    return "\n".join([heading, "", *_verification(variants)])


def exports_part_of(card: str) -> str:
    """Returns the table of exports that a card has, with its heading; empty if it has none."""
    _, heading, rest = card.partition(_EXPORTS)
    return (heading + rest.partition(END)[0]).rstrip()


def replaced(card: str, part: str) -> str:
    """Returns a card with another measured part.

    Raises:
        ValueError: the card lacks the two marks.
    """
    before, begin, rest = card.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"a card must have the marks {BEGIN} and {END}.")
    return f"{before}{BEGIN}\n{part}\n{END}{after}"


def facts_of(model: str) -> str:
    """Returns a model's size, cost and latency, from its layers."""
    import tfse
    from tfse.models.cost import multiply_accumulates

    found = tfse.load(model)
    per_second = multiply_accumulates(found) * found.sample_rate / found.hop_length
    return (
        f"{found.count_params():,} parameters, {per_second / 1e9:.2f} G multiply-accumulates per "
        f"second of audio, {found.sample_rate:,} Hz, {latency_of(found)}."
    )


def latency_of(model: Any) -> str:
    """Returns a model's output delay, and algorithmic latency, which includes the hop."""
    lengths = {
        "output delay": model.latency_samples,
        "algorithmic latency": model.latency_samples + model.hop_length,
    }
    return ", ".join(
        f"{name} {samples} samples ({1000 * samples / model.sample_rate:g} ms)"
        for name, samples in lengths.items()
    )


def _evaluation(model: str, report: Json) -> Iterator[str]:
    figures = report["figures"]
    harm = figures["harm"][model]
    yield f"    {' '.join(_command(report))}"
    yield ""
    heads = ["", "n", *(f"{head}: noisy, enhanced, change [95 %]" for _, head, _ in METRICS)]
    yield header(heads, text=len(heads))
    yield _line("all", figures["recordings"], figures["means"], change_of(figures, model), model)
    for table in ("snr", "reverberation"):
        for name, group in parts_of(figures, table).items():
            change = group["differences_from_noisy"][model]
            yield _line(name, group["n"], group["means"], change, model)
    counts = harm["counts"]
    yield ""
    yield (
        f"Of {figures['recordings']} files PESQ fell by more than 0.1 in {counts['pesq']}, STOI by "
        f"more than 0.05 in {counts['stoi']}."
    )


def parts_of(figures: Json, table: str) -> Json:
    """Returns the groups of a table that do not hold all recordings, which have their own row."""
    groups = figures["groups"].get(table, {}).items()
    return {name: group for name, group in groups if group["n"] < figures["recordings"]}


def _command(report: Json) -> list[str]:
    """Returns the command, without the flags that no result depends on."""
    ignored = ("--output_dir=", "--jobs=", "--overwrite", "--worst=", "--noembed_audio")
    words = shlex.split(report["run"]["command"])
    kept = [word for word in words if not word.startswith(ignored)]
    return [*kept, "--output_dir=report"]


def change_of(figures: Json, model: str) -> Json:
    """Returns the mean change of every metric against noisy, with its interval."""
    (found,) = (
        pair["metrics"]
        for pair in figures["differences"]
        if (pair["system"], pair["baseline"]) == (model, "noisy")
    )
    return dict(found)


def _line(name: str, n: int, means: Json, change: Json, model: str) -> str:
    cells = [
        f"{_mean(means['noisy'], metric, digits)} {_mean(means[model], metric, digits)} "
        f"{interval(change[metric], digits, '**')}"
        for metric, _, digits in METRICS
    ]
    return row([name, n, *cells])


def _mean(means: Json, metric: str, digits: int) -> str:
    return format(means[metric]["mean"], f".{digits}f")


def interval(found: Json, digits: int, mark: str = "") -> str:
    """Returns a mean change between two marks and, if it has one, its 95 % interval."""
    mean = f"{mark}{found['mean']:+.{digits}f}{mark}"
    if found["low"] is None:
        return mean
    return f"{mean} [{found['low']:+.{digits}f}, {found['high']:+.{digits}f}]"


def _verification(variants: Sequence[Json]) -> Iterator[str]:
    yield header(_VARIANT_COLUMNS)
    for variant in variants:
        size = "" if variant["size_bytes"] is None else f"{variant['size_bytes'] / 1e6:.2f}"
        step = "" if variant["step_ms"] is None else f"{variant['step_ms'][0]:.2f}"
        changes = [f"{variant[name]:+.3f}" for name in ("pesq", "pesq_worst", "si_sdr_db")]
        loud = [_snr(variant["loud_snr_db"]), f"{variant['loud_pesq']:+.3f}"]
        cells = [variant["form"], size, f"{variant['difference']:.1e}", _snr(variant["snr_db"])]
        yield row([*cells, *changes, *loud, step])


def _snr(value: float | None) -> str:
    # JSON has no infinity: the SNR of an equal output is null there.
    return "inf" if value is None else f"{value:.1f}"


def main() -> None:
    """Replaces the measured part of a card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="name of the model, as in the reports")
    parser.add_argument("--card", required=True, type=pathlib.Path)
    parser.add_argument("--evaluations", default="", help="report.json files of tfse-evaluate")
    parser.add_argument(
        "--verification",
        type=pathlib.Path,
        help="JSON table of tfse-verify; without it the card keeps its own",
    )
    given = parser.parse_args()
    reports = [json.loads(pathlib.Path(p).read_text()) for p in given.evaluations.split(",") if p]
    card = given.card.read_text(encoding="utf-8")
    if given.verification:
        exports = exports_part(json.loads(given.verification.read_text()))
    else:
        exports = exports_part_of(card)
    part = measured(given.model, facts_of(given.model), reports, exports)
    given.card.write_text(replaced(card, part), encoding="utf-8")


if __name__ == "__main__":
    main()
