from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import pytest

from tests.evaluation.small_sets import RATE, Pairs, gain_system, noisy, write_pairs
from tfse import metrics
from tfse.errors import ModelError
from tfse.evaluation.journal import NAME
from tfse.evaluation.results import Row
from tfse.evaluation.run_evaluation import OUTPUTS, Order, evaluate
from tfse.evaluation.sources.folder_source import FolderSource
from tfse.evaluation.sources.recordings import Recording, Sound
from tfse.evaluation.sources.systems import NOISY, System

SYSTEMS = [System(NOISY), gain_system(0.5), gain_system(0.25)]


def order(folder: pathlib.Path, **changes: Any) -> Order:
    return dataclasses.replace(Order(Pairs(3), SYSTEMS, folder, worst=1), **changes)


def without_times(report: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if name != "run"}


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, dict[str, Any]]:
    """Returns an uninterrupted evaluation in one process."""
    folder = tmp_path_factory.mktemp("straight")
    return folder, evaluate(order(folder))


def test_all_files_are_there_and_agree(straight: tuple[pathlib.Path, dict[str, Any]]) -> None:
    folder, report = straight
    assert {path.name for path in folder.iterdir()} == {*OUTPUTS, NAME}
    assert json.loads((folder / "report.json").read_text()) == json.loads(json.dumps(report))
    assert len((folder / "per_file.csv").read_text().splitlines()) == 1 + 9
    assert report["figures"]["recordings"] == 3
    assert report["systems"] == [NOISY, "gain 0.5", "gain 0.25"]
    assert report["hashes"] == {"gain 0.5": "sha of 0.5", "gain 0.25": "sha of 0.25"}
    assert set(report["run"]["real_time_factor"]) == {"gain 0.5", "gain 0.25"}


def test_figures_are_those_of_the_library(straight: tuple[pathlib.Path, dict[str, Any]]) -> None:
    values = [
        metrics.stoi(clean.samples, mixture.samples, RATE)
        for clean, mixture in ((r.reference, r.noisy) for r in Pairs(3).recordings(range(3)))
        if isinstance(clean, Sound) and isinstance(mixture, Sound)
    ]
    found = straight[1]["figures"]["means"][NOISY]["stoi"]
    assert found["n"] == 3
    assert found["mean"] == pytest.approx(np.mean(values), abs=1e-12)


def test_two_jobs_give_the_same_figures(
    straight: tuple[pathlib.Path, dict[str, Any]], tmp_path: pathlib.Path
) -> None:
    report = evaluate(order(tmp_path, jobs=2))
    assert without_times(report) == without_times(straight[1])
    assert len(report["run"]["processes"]) == 2


def test_everything_is_loaded_once_a_process(
    straight: tuple[pathlib.Path, dict[str, Any]],
) -> None:
    (process,) = straight[1]["run"]["processes"]
    assert set(process["loaded_in_s"]) == {"gain 0.5", "gain 0.25"}
    assert not process["tensorflow"]


class Interrupted(KeyboardInterrupt):
    pass


def test_an_interrupted_evaluation_resumes(
    straight: tuple[pathlib.Path, dict[str, Any]], tmp_path: pathlib.Path
) -> None:
    seen: list[tuple[Row, bool]] = []

    def stop(row: Row, fresh: bool) -> None:
        seen.append((row, fresh))
        if len(seen) == 4:
            raise Interrupted

    with pytest.raises(Interrupted):
        evaluate(order(tmp_path), stop)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    known = [row for row, _ in seen]
    seen.clear()
    report = evaluate(order(tmp_path, jobs=2), lambda *row: seen.append(row))
    assert [row for row, fresh in seen if not fresh] == known
    assert sum(fresh for _, fresh in seen) == 5 == report["run"]["rows_measured"]
    assert without_times(report) == without_times(straight[1])


def test_a_finished_evaluation_measures_nothing_again(
    straight: tuple[pathlib.Path, dict[str, Any]],
) -> None:
    folder, before = straight
    report = evaluate(order(folder, worst=0))
    assert (report["run"]["rows_measured"], report["run"]["processes"]) == (0, [])
    assert without_times(report) == without_times(before)


class Deadly(Pairs):
    """Three voices, the middle one of which ends the process of a model."""

    def recordings(self, wanted: Collection[int]) -> Iterator[Recording]:
        for one in super().recordings(wanted):
            if one.index == 1:
                loud = Sound(noisy(1, 1.1) * np.float32(100), RATE)
                yield dataclasses.replace(one, noisy=loud)
            else:
                yield one


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_process_that_dies_costs_its_row_alone(
    jobs: int, straight: tuple[pathlib.Path, dict[str, Any]], tmp_path: pathlib.Path
) -> None:
    report = evaluate(order(tmp_path, source=Deadly(3), jobs=jobs))
    died = "the process that measured it died (signal 11, SIGSEGV)"
    found = [(u["file"], u["system"], u["reason"]) for u in report["figures"]["unmeasured"]]
    assert found == [("pair/1", "gain 0.5", died), ("pair/1", "gain 0.25", died)]
    assert report["figures"]["failed_rows"] == 2
    rows, good = (
        [line.split(",") for line in (folder / "per_file.csv").read_text().splitlines()]
        for folder in (tmp_path, straight[0])
    )
    time = good[0].index("real_time_factor")
    for mine, wanted in zip(rows, good, strict=True):
        if mine[0] != "pair/1":
            assert mine[:time] + mine[time + 1 :] == wanted[:time] + wanted[time + 1 :]
    assert rows[4][:2] == ["pair/1", NOISY] and rows[4][-2] == ""


@dataclasses.dataclass(frozen=True)
class Unloadable(System):
    def open(self) -> Any:
        raise ModelError("this one is broken.")


def test_a_model_that_does_not_load_is_an_error_at_once(tmp_path: pathlib.Path) -> None:
    broken = Unloadable("broken", pathlib.Path("broken"), "x")
    with pytest.raises(ModelError, match=r"this one is broken\."):
        evaluate(order(tmp_path, systems=[System(NOISY), broken]))


def test_folders_of_estimates(tmp_path: pathlib.Path) -> None:
    write_pairs(tmp_path, 2)
    source = FolderSource([tmp_path / "clean"], [tmp_path / "noisy"], {"same": tmp_path / "noisy"})
    report = evaluate(Order(source, [System(NOISY), System("same")], tmp_path / "out", worst=0))
    (change,) = report["figures"]["differences"]
    assert change["metrics"]["pesq_wb"]["mean"] == 0
    assert report["figures"]["means"]["same"]["si_sdr_improvement_db"]["mean"] == 0
    assert report["figures"]["failed_rows"] == 0
