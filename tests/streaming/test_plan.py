from __future__ import annotations

import pathlib

import pytest

from tfse.errors import ConfigError
from tfse.streaming.batch.plan import Places, Task, plan
from tfse.streaming.options import Targets

Path = pathlib.Path


@pytest.fixture
def takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty files: a plan does not open recordings."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "a/x.wav",
        "a/deep/y.FLAC",
        "a/notes.txt",
        "a/._x.wav",
        "a/.hidden/z.wav",
        "b/x.wav",
        "x.wav",
        "empty/notes.txt",
        "odd[1].wav",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def planned(*inputs: str, **places: object) -> dict[str, str]:
    tasks = plan(inputs, Places(**places)).tasks  # type: ignore[arg-type]
    return {str(task.source): str(task.targets.enhanced) for task in tasks}


def test_where_a_file_goes(takes: Path) -> None:
    assert planned("a/x.wav") == {"a/x.wav": "a/x_enhanced.wav"}
    assert planned("a/x.wav", output=Path("o/y.mp3")) == {"a/x.wav": "o/y.mp3"}
    assert planned("a/x.wav", output_dir=Path("o")) == {"a/x.wav": "o/x.wav"}
    assert planned("a/x.wav", in_place=True) == {"a/x.wav": "a/x.wav"}
    assert planned("a/x.wav", format="flac") == {"a/x.wav": "a/x_enhanced.flac"}
    assert planned("a/x.wav", format="OGG") == {"a/x.wav": "a/x_enhanced.ogg"}
    assert planned("a/x.wav", format="WAV") == {"a/x.wav": "a/x_enhanced.wav"}


def test_a_folder_keeps_its_structure(takes: Path) -> None:
    assert planned("a") == {
        "a/x.wav": "a_enhanced/x.wav",
        "a/deep/y.FLAC": "a_enhanced/deep/y.FLAC",
    }
    assert planned("a/", output_dir=Path("o")) == {
        "a/x.wav": "o/x.wav",
        "a/deep/y.FLAC": "o/deep/y.FLAC",
    }
    here = planned(".", output_dir=Path("b"))
    assert "b/x.wav" not in here
    assert here["a/deep/y.FLAC"] == "b/a/deep/y.FLAC"
    assert next(iter(planned(".").values())).startswith(f"{takes}_enhanced/")


def test_patterns_are_expanded(takes: Path) -> None:
    assert list(planned("*/x.wav")) == ["a/x.wav", "b/x.wav"]
    assert list(planned("a/**/*.FLAC")) == ["a/deep/y.FLAC"]
    # An existing name that looks like a pattern is taken as a name.
    assert list(planned("odd[1].wav")) == ["odd[1].wav"]


def test_a_file_named_twice_is_enhanced_once(takes: Path) -> None:
    assert len(planned("a/x.wav", "a", "./a/x.wav", output_dir=Path("o"))) == 2


def test_a_missing_file_has_a_task(takes: Path) -> None:
    assert list(planned("no.wav", "no*.wav")) == ["no.wav", "no*.wav"]


def test_standard_input_goes_to_standard_output(takes: Path) -> None:
    assert planned("-") == {"-": "-"}
    assert planned("-", output=Path("o.wav")) == {"-": "o.wav"}
    assert planned("x.wav", output=Path("-")) == {"x.wav": "-"}


def test_noise_and_pictures(takes: Path) -> None:
    assert plan(["x.wav"], Places(noise=Path("n.wav"), pictures=True)).tasks == [
        Task(
            Path("x.wav"),
            Targets(Path("x_enhanced.wav"), Path("n.wav"), Path("x_enhanced.wav.png")),
        )
    ]
    several = plan(["a"], Places(noise=Path("n"), format="FLAC")).tasks
    assert [str(task.targets.noise) for task in several] == ["n/x.flac", "n/deep/y.FLAC"]
    into_folder = plan(["x.wav"], Places(noise=Path("b"))).tasks
    assert into_folder[0].targets.noise == Path("b/x.wav")


REFUSED = [
    (
        ["a/x.wav", "b/x.wav"],
        {"output_dir": Path("o")},
        "every result needs its own file; a/x.wav and b/x.wav would both become o/x.wav.",
    ),
    (
        ["x.wav"],
        {"output_dir": Path(".")},
        "a result must not replace a recording without `in_place`; x.wav would replace x.wav.",
    ),
    (
        ["x.wav", "b/x.wav"],
        {"output_dir": Path("b")},
        "a result must not replace a recording without `in_place`; b/x.wav would replace b/x.wav.",
    ),
    (
        ["a"],
        {"output": Path("o.wav")},
        "`output` takes one recording; received 2. Use `output_dir`.",
    ),
    (
        ["x.wav"],
        {"output": Path("o.wav"), "in_place": True},
        "only one of `output`, `output_dir` and `in_place` can be given; received output and "
        "in_place.",
    ),
    (
        ["x.wav"],
        {"in_place": True, "format": "FLAC"},
        "`in_place` keeps the format; received `format` too.",
    ),
    (["a"], {"output_dir": Path("x.wav")}, "`output_dir` must be a folder; x.wav is a file."),
    (["empty"], {}, "there are no recordings in empty (passed over: 1 .txt)."),
    (["-"], {"output_dir": Path("o")}, "standard input has no file name; use `output`."),
    (["-"], {"in_place": True}, "standard input has no file name; use `output`."),
    (
        ["-"],
        {"pictures": True},
        "a picture is written beside its result; use `output` with a pipe.",
    ),
    (
        ["x.wav"],
        {"noise": Path("x_enhanced.wav")},
        "every result needs its own file; x.wav and x.wav would both become x_enhanced.wav.",
    ),
]


@pytest.mark.parametrize(("inputs", "places", "message"), REFUSED)
def test_refused_before_any_work(
    inputs: list[str], places: dict[str, object], message: str, takes: Path
) -> None:
    before = sorted(takes.rglob("*"))
    with pytest.raises(ConfigError) as error:
        planned(*inputs, **places)
    assert str(error.value) == message
    assert sorted(takes.rglob("*")) == before


def test_results_of_an_earlier_run_are_passed_over(takes: Path) -> None:
    for name in ("a/x_enhanced.wav", "a_enhanced/x.wav", "b/y_enhanced.wav"):
        (takes / name).parent.mkdir(exist_ok=True)
        (takes / name).touch()
    made = plan(["a"], Places())
    assert [str(task.source) for task in made.tasks] == ["a/x.wav", "a/deep/y.FLAC"]
    assert made.note == "passed over: 1 .txt, 1 earlier results"
    assert list(planned("a/*.wav")) == ["a/x.wav"]
    assert "a_enhanced/x.wav" not in planned(".")
    # Files without an original, or given by name, are recordings.
    assert list(planned("b", output_dir=Path("o"))) == ["b/x.wav", "b/y_enhanced.wav"]
    assert list(planned("a/x_enhanced.wav")) == ["a/x_enhanced.wav"]


def test_media_are_recordings_where_ffmpeg_is(takes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfse.streaming.batch.plan.is_available", lambda: True)
    for name, content in {"talk.MP4": b"", "code.ts": b"let x = 1", "film.ts": b"\x47\x40"}.items():
        (takes / "b" / name).write_bytes(content)
    assert planned("b") == {f"b/{x}": f"b_enhanced/{x}" for x in ("film.ts", "talk.MP4", "x.wav")}
    assert planned("b/talk.MP4") == {"b/talk.MP4": "b/talk_enhanced.MP4"}
    assert planned("b/talk.MP4", format="FLAC") == {"b/talk.MP4": "b/talk_enhanced.flac"}
    noise = [task.targets.noise for task in plan(["b"], Places(noise=Path("n"))).tasks]
    assert noise == [Path("n/film.wav"), Path("n/talk.wav"), Path("n/x.wav")]


def test_unreadable_files_are_counted(takes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfse.streaming.batch.plan.is_available", lambda: False)
    (takes / "b/x.m4a").touch()
    (takes / "b/gone.wav").symlink_to("nowhere")
    (takes / "b/linked.wav").symlink_to("../x.wav")
    (takes / "b/again").symlink_to(".")
    made = plan(["b"], Places())
    assert [str(task.source) for task in made.tasks] == ["b/linked.wav", "b/x.wav"]
    assert made.note == (
        "passed over: 1 .m4a, 1 links to nothing; convert .m4a with ffmpeg -i IN OUT.wav"
    )
