"""Speed of `tfse-evaluate`: files per minute, processor time per file, and loading.

    python -m benchmarks.evaluation --model=lstm_irm,dpcrn_small --test_data=prepared

The first rows are of the noisy files only, which is the time of the metrics; the others
include models, which are loaded once per process. Other programs on the machine have
little influence on processor time.
"""

from __future__ import annotations

import argparse
import pathlib
import resource
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.table import print_header, print_row
from tfse import native_logs


def main() -> None:
    """Prints one row per set of systems and number of processes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="dpcrn_small", help="names or paths, comma-separated")
    parser.add_argument("--test_data", required=True, help="output folder of tfse-prepare")
    parser.add_argument("--count", type=int, default=40, help="validation mixtures, at least 2")
    parser.add_argument("--segment_s", type=float, default=3.0, help="length of a mixture")
    parser.add_argument("--jobs", default="1,2", help="numbers of processes")
    arguments = parser.parse_args()
    loading = "loading, s per process"
    print_header(("systems", "jobs", "files per minute", "processor s per file", loading))
    with native_logs.hidden():
        for names in ([], arguments.model.split(",")):
            for jobs in map(int, arguments.jobs.split(",")):
                print_row(*_cells(names, jobs, arguments))


def _run(
    names: Sequence[str], jobs: int, arguments: argparse.Namespace
) -> tuple[dict[str, Any], float, float]:
    """Returns the section `run` of a report, and wall and processor time without loading, seconds.

    Wall time is that from the first row to the last.
    """
    from tfse.data.config import DataConfig
    from tfse.evaluation.run_evaluation import Order, evaluate
    from tfse.evaluation.sources.mixture_source import MixtureSource, sample_rate_of
    from tfse.evaluation.sources.systems import NOISY, System, models

    rate = sample_rate_of(arguments.test_data)
    config = DataConfig(sample_rate=rate, segment_s=arguments.segment_s, clean_probability=0.0)
    source = MixtureSource(arguments.test_data, config, "valid", arguments.count)
    times: list[float] = []
    before = _processor_s()
    with tempfile.TemporaryDirectory() as folder:
        systems = [System(NOISY), *models(names)]
        order = Order(source, systems, pathlib.Path(folder), jobs=jobs, worst=0)
        report = evaluate(order, lambda row, fresh: times.append(time.perf_counter()))
    # The first row waits for imports and models, which have their own column.
    loading = sum(process["loading_processor_s"] for process in report["run"]["processes"])
    return report["run"], times[-1] - times[0], _processor_s() - before - loading


def _processor_s() -> float:
    """Returns the processor time of subprocesses that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _cells(names: Sequence[str], jobs: int, arguments: argparse.Namespace) -> list[object]:
    run, seconds, processor_s = _run(names, jobs, arguments)
    files_per_minute = 60 * (run["rows_measured"] - 1) / seconds / (1 + len(names))
    loads = "; ".join(
        ", ".join(f"{name} {s:.1f}" for name, s in process["loaded_in_s"].items()) or "no model"
        for process in run["processes"]
    )
    label = ", ".join(["noisy", *names])
    per_file = processor_s / arguments.count
    return [label, jobs, f"{files_per_minute:.0f}", f"{per_file:.2f}", loads]


if __name__ == "__main__":
    main()
