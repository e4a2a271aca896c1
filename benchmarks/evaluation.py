"""Prints how many files a minute are evaluated, and what every process loads.

    python -m benchmarks.evaluation --model=lstm_irm,dpcrn_small --test_data=prepared

The first lines are of the noisy files alone, which is the time of the metrics; the
others with models, which are loaded once a process, whatever the number of files. What
the processor works a file does not depend on what else the machine does.
"""

from __future__ import annotations

import pathlib
import resource
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from absl import flags

from tfse import native_logs
from tfse.cli import program

_MODEL = flags.DEFINE_list("model", ["dpcrn_small"], "Names or paths of models, side by side.")
_TEST_DATA = flags.DEFINE_string("test_data", None, "What tfse-prepare wrote.", required=True)
_COUNT = flags.DEFINE_integer("count", 40, "Mixtures of the validation split.", 2)
_SEGMENT_S = flags.DEFINE_float("segment_s", 3.0, "Length of a mixture, in seconds.", 0.5)
_JOBS = flags.DEFINE_list("jobs", ["1", "2"], "Numbers of processes.")


def main(arguments: Sequence[str]) -> None:
    """Prints the table."""
    print("| systems | jobs | files a minute | processor s a file | loading, s a process |")
    print("|---|---:|---:|---:|---|")
    with native_logs.hidden():
        for names in ([], _MODEL.value):
            for jobs in map(int, _JOBS.value):
                print(_line(names, jobs, _run(names, jobs)), flush=True)


def _run(names: Sequence[str], jobs: int) -> tuple[dict[str, Any], float, float]:
    """Returns the section `run` of a report, and seconds without loading: by the clock, worked.

    By the clock, they go from the first row to the last.
    """
    from tfse.data.config import DataConfig
    from tfse.evaluation.run_evaluation import Order, evaluate
    from tfse.evaluation.sources.mixture_source import MixtureSource, sample_rate_of
    from tfse.evaluation.sources.systems import NOISY, System, models

    rate = sample_rate_of(_TEST_DATA.value)
    config = DataConfig(sample_rate=rate, segment_s=_SEGMENT_S.value, clean_probability=0.0)
    source = MixtureSource(_TEST_DATA.value, config, "valid", _COUNT.value)
    times: list[float] = []
    before = _worked_s()
    with tempfile.TemporaryDirectory() as folder:
        systems = [System(NOISY), *models(names)]
        order = Order(source, systems, pathlib.Path(folder), jobs=jobs, worst=0)
        report = evaluate(order, lambda row, fresh: times.append(time.perf_counter()))
    # The first row waited for imports and models, which have a column of their own.
    loading = sum(process["loading_processor_s"] for process in report["run"]["processes"])
    return report["run"], times[-1] - times[0], _worked_s() - before - loading


def _worked_s() -> float:
    """Returns what processors have worked for processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _line(names: Sequence[str], jobs: int, found: tuple[dict[str, Any], float, float]) -> str:
    run, seconds, worked_s = found
    files_a_minute = 60 * (run["rows_measured"] - 1) / seconds / (1 + len(names))
    loads = "; ".join(
        ", ".join(f"{name} {s:.1f}" for name, s in process["loaded_in_s"].items()) or "no model"
        for process in run["processes"]
    )
    label = ", ".join(["noisy", *names])
    return f"| {label} | {jobs} | {files_a_minute:.0f} | {worked_s / _COUNT.value:.2f} | {loads} |"


if __name__ == "__main__":
    program.run(main, __doc__ or "")
