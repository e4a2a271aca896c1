"""Preparation on an engine of Apache Beam: the same bytes, and its options."""

from __future__ import annotations

import functools
import pathlib
import pickle
import sys
from types import ModuleType

import pytest

from tests.data.corpus import settings
from tests.data.test_prepare import bytes_of
from tfse.data.preparation import beam_engine, shards
from tfse.data.preparation.convert import Conversion
from tfse.data.preparation.prepare import prepare
from tfse.data.preparation.recording_sources import Source
from tfse.data.preparation.shards import ShardPlan
from tfse.errors import ConfigError, DataError


@pytest.fixture
def beam() -> ModuleType:
    return pytest.importorskip("apache_beam", reason="needs the extra beam, which is not installed")


@pytest.mark.parametrize(
    "options",
    [(), ("--direct_running_mode=multi_processing", "--direct_num_workers=2")],
    ids=["one process", "workers"],
)
def test_the_bytes_are_those_of_a_local_run(
    beam: ModuleType,
    corpus: pathlib.Path,
    prepared: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    out = pathlib.Path("out")
    made = prepare(settings(corpus, out, runner="DirectRunner", runner_options=options))
    assert not made.was_there
    assert bytes_of(tmp_path / "out") == bytes_of(prepared)


def test_it_resumes_with_the_missing_shards(
    beam: ModuleType,
    corpus: pathlib.Path,
    prepared: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[list[str]] = []

    def failing(
        function: object, items: list[ShardPlan], runner: str, options: tuple[str, ...]
    ) -> None:
        asked.append([plan.file for plan in items])
        real(function, items[:3], runner, options)
        raise DataError("killed")

    real = beam_engine.run
    out = tmp_path / "out"
    with monkeypatch.context() as patch, pytest.raises(DataError, match="killed"):
        patch.setattr(beam_engine, "run", failing)
        prepare(settings(corpus, out, runner="DirectRunner"))
    done = {path.name: path.stat().st_mtime_ns for path in out.glob("*.tfrecord")}
    assert set(done) == set(asked[0][:3])
    prepare(settings(corpus, out, runner="DirectRunner"))
    assert bytes_of(out) == bytes_of(prepared)
    assert {name: (out / name).stat().st_mtime_ns for name in done} == done


def test_options_reach_beam_and_its_runner(
    beam: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, dict[str, object]]] = []

    class Pipeline(beam.Pipeline):
        def run(self, *arguments: object, **named: object) -> object:
            seen.append((type(self.runner).__name__, self.options.get_all_options()))
            raise ConnectionError("no Flink here")

    monkeypatch.setattr(beam, "Pipeline", Pipeline)
    with pytest.raises(
        DataError, match=r"FlinkRunner failed: .*: no Flink here\. Run tfse-prepare again"
    ):
        beam_engine.run(print, [1], "FlinkRunner", ["--flink_master=host:8081", "--parallelism=64"])
    ((runner, options),) = seen
    assert runner == "FlinkRunner"
    assert (options["flink_master"], options["parallelism"]) == ("host:8081", 64)


def test_the_work_on_a_shard_can_be_sent(tmp_path: pathlib.Path, corpus: pathlib.Path) -> None:
    path = corpus / "speech/anna/0.wav"
    source = Source("speech", str(path), "a", "anna", "anna", path.stat().st_size)
    plan = ShardPlan("s.tfrecord", "speech", "train", (source,))
    conversion = Conversion(16000, "pcm16", 0.5)
    (tmp_path / ".unfinished").mkdir()
    work = functools.partial(shards.write_shard, folder=tmp_path, conversion=conversion)
    sent_work, sent_plan = pickle.loads(pickle.dumps((work, plan)))
    sent_work(sent_plan)
    once = (tmp_path / "s.tfrecord").read_bytes()
    # An engine may do a shard again: the bytes and the names stay.
    sent_work(sent_plan)
    assert (tmp_path / "s.tfrecord").read_bytes() == once
    assert not list((tmp_path / ".unfinished").glob("*.tmp"))
    ((entry,), skipped) = shards.collect([plan], tmp_path)
    assert (entry.file, [r.id for r in entry.records], skipped) == ("s.tfrecord", ["a"], [])


def test_an_error_of_a_worker_is_one_line(beam: ModuleType) -> None:
    message = r"DirectRunner failed: .*OSError.*No space left on device"
    with pytest.raises(DataError, match=message) as raised:
        beam_engine.run(_no_space, [1], "DirectRunner", [])
    assert "\n" not in str(raised.value)


def _no_space(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_options_that_beam_refuses_are_named(beam: ModuleType) -> None:
    with pytest.raises(ConfigError, match=r"must be options of Beam; .* invalid int value: 'x'\."):
        beam_engine.check("DirectRunner", ["--direct_num_workers=x"])


def test_without_beam_one_line_names_the_extra(
    corpus: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("apache_beam", "apache_beam.options", "apache_beam.options.pipeline_options"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=r"`runner` SparkRunner needs .*'tfse\[beam\]'"):
        prepare(settings(corpus, tmp_path / "out", runner="SparkRunner"))
    assert not (tmp_path / "out").exists()


def test_a_missing_shard_of_a_worker_is_an_error(
    corpus: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beam_engine, "check", lambda *_: None)
    monkeypatch.setattr(beam_engine, "run", lambda *_: None)
    with pytest.raises(
        DataError, match=r"speech-.*tfrecord is missing although .*; all workers must"
    ):
        prepare(settings(corpus, tmp_path / "out", runner="FlinkRunner"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"runner": "SlurmRunner"}, r"`runner` must be one of .* received 'SlurmRunner'"),
        ({"runner_options": ("--x=1",)}, r"`runner_options` need a `runner`; received --x=1"),
    ],
)
def test_a_wrong_runner_is_named(
    corpus: pathlib.Path, tmp_path: pathlib.Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        prepare(settings(corpus, tmp_path / "out", **changes))
