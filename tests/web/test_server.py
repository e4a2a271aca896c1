"""Server of the page: what it serves, and what it refuses."""

from __future__ import annotations

import ast
import pathlib
import socket
import stat
import threading
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

import tfse
from tests.streaming.media_files import film, needs_ffmpeg, pictures_of
from tests.streaming.tiny_streams import RATE, lstm_step, noise, tones, write
from tests.waiting import wait_until
from tests.web.served import LIMIT_BYTES, ask, ask_path, run, served, state, upload
from tfse.streaming import EnhanceOptions
from tfse.web.serving import PageServer


def files(folder: pathlib.Path) -> list[pathlib.Path]:
    """Returns the files of recordings."""
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "lock"]


def test_a_recording_is_enhanced_as_enhance_file_does_it(
    temporary: pathlib.Path, noisy: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    with served() as server:
        recording = upload(server, noisy)
        done = run(server, recording, "enhance", model="tiny_lstm")
        assert done["job"]["error"] == ""
        assert done["job"]["done_s"] == done["job"]["total_s"] == 2.0
        for mix, limit in ((1.0, None), (0.25, None), (0.9, 12)):
            run(server, recording, "write", mix=mix, max_attenuation_db=limit)
            options = EnhanceOptions(mix=mix, max_attenuation_db=limit)
            expected = tmp_path / f"expected_{mix}.flac"
            tfse.enhance_file(noisy, expected, lstm_step(), options)
            assert ask(server, f"{recording}/result").data == expected.read_bytes()


@needs_ffmpeg
def test_a_video_comes_back_as_a_video(temporary: pathlib.Path, tmp_path: pathlib.Path) -> None:
    video = film(tmp_path / "film.mp4", "aac")
    with served() as server:
        recording = upload(server, video)
        done = run(server, recording, "enhance", model="tiny_lstm")
        assert done["job"]["error"] == ""
        assert done["job"]["total_s"] == pytest.approx(2.0, abs=0.1)
        run(server, recording, "write", mix=1.0)
        result = tmp_path / "result.mp4"
        result.write_bytes(ask(server, f"{recording}/result").data)
        assert pictures_of(result) == pictures_of(video)


def test_another_model_replaces_the_result(temporary: pathlib.Path, noisy: pathlib.Path) -> None:
    with served() as server:
        recording = upload(server, noisy)
        first = run(server, recording, "enhance", model="tiny_lstm")
        second = run(server, recording, "enhance", model="tiny_dpcrn")
        assert first["enhanced"]["run"] != second["enhanced"]["run"]
        assert second["enhanced"]["model"] == "tiny_dpcrn"
        assert sorted(file.name for file in files(temporary)) == [
            "output.f32",
            "sound.pcm",
            "source.flac",
        ]


def test_the_sound_pair_has_before_and_after_in_step(
    temporary: pathlib.Path, noisy: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    tfse.enhance_file(noisy, tmp_path / "after.wav", lstm_step(), EnhanceOptions(subtype="FLOAT"))
    pair = [soundfile.read(path)[0] for path in (noisy, tmp_path / "after.wav")]
    with served() as server:
        recording = upload(server, noisy)
        layout = run(server, recording, "enhance", model="tiny_lstm")["enhanced"]
        assert (layout["sample_rate"], layout["channels"], layout["samples"]) == (22_050, 2, 44_100)
        sound = np.frombuffer(ask(server, f"{recording}/sound").data, "<i2").reshape(-1, 4)
    np.testing.assert_allclose(sound / 32_767, np.concatenate(pair, axis=1), atol=2e-5)


def test_rates_and_channels_that_browsers_do_not_play_are_converted(
    temporary: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    recordings = {96_000: 3, 4_000: 1}
    with served() as server:
        for rate, channels in recordings.items():
            source = write(tmp_path / f"{rate}.wav", tones(rate // 2, rate, channels), rate)
            recording = upload(server, source)
            layout = run(server, recording, "enhance", model="tiny_lstm")["enhanced"]
            played = min(max(rate, 8_000), 48_000)
            assert (layout["sample_rate"], layout["samples"]) == (played, played // 2)
            assert layout["channels"] == 1


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [("bytes=0-9", 0, 10), ("bytes=100-", 100, None), ("bytes=-7", -7, None), ("bytes=5-5", 5, 6)],
)
def test_ranges(server: PageServer, sound: str, asked: str, first: int, end: int | None) -> None:
    whole = ask(server, sound)
    assert (whole.status, whole.headers["Accept-Ranges"]) == (200, "bytes")
    part = ask(server, sound, headers={"Range": asked})
    assert part.status == 206
    assert part.data == whole.data[first:end]
    size = len(whole.data)
    begin = first % size
    stop = begin + len(part.data) - 1
    assert part.headers["Content-Range"] == f"bytes {begin}-{stop}/{size}"


def test_ranges_without_a_byte_and_of_another_kind(server: PageServer, sound: str) -> None:
    size = len(ask(server, sound).data)
    beyond = ask(server, sound, headers={"Range": f"bytes={size}-"})
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert ask(server, sound, headers={"Range": "bytes=-0"}).status == 416
    for ignored in ("bytes=9-3", "seconds=1-2", "bytes=0-1,4-5", "bytes=-"):
        assert ask(server, sound, headers={"Range": ignored}).status == 200
    head = ask(server, sound, "HEAD")
    assert (head.headers["Content-Length"], head.data) == (str(size), b"")


@pytest.fixture(scope="module")
def server() -> Iterator[PageServer]:
    with served() as server:
        yield server


@pytest.fixture(scope="module")
def sound(server: PageServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    source = write(tmp_path_factory.mktemp("sound") / "a.wav", noise(RATE))
    recording = upload(server, source)
    run(server, recording, "enhance", model="tiny_lstm")
    return f"{recording}/sound"


def test_the_spectrogram_of_a_mixture_lies_between(server: PageServer, sound: str) -> None:
    address = sound.replace("sound", "spectrogram?share=")
    pictures = [ask(server, f"{address}{share}") for share in ("0", "0.5000", "1")]
    assert {picture.headers["Content-Type"] for picture in pictures} == {"image/png"}
    assert len({picture.data for picture in pictures}) == 3
    for wrong in ("", "-1", "nan", "2", "1e-3"):
        assert ask(server, f"{address}{wrong}").status == 400


# === Requests that do not come from the page ===


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:{port}"},
        {"Host": "127.0.0.1.evil.example:{port}"},
        {"Host": ""},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_foreign_hosts_and_origins_are_refused(server: PageServer, headers: dict[str, str]) -> None:
    filled = {name: text.format(port=server.server_port) for name, text in headers.items()}
    for path, method in (("", "GET"), ("settings", "GET"), ("recordings", "POST")):
        assert ask(server, path, method, headers=filled).status == 403


def test_the_own_host_and_origin_are_accepted(server: PageServer) -> None:
    for name in ("127.0.0.1", "localhost"):
        host = f"{name}:{server.server_port}"
        headers = {"Host": host, "Origin": f"http://{host}"}
        assert ask(server, "settings", headers=headers).status == 200


@pytest.mark.parametrize("token", ["", "wrong", "%00", "..", "page"])
def test_nothing_is_served_without_the_token(server: PageServer, token: str) -> None:
    for path in ("", "page.js", "settings"):
        answer = ask(server, path, token=token)
        assert answer.status == 404
        assert answer.json() == {"error": "open the address that tfse-web printed."}


def test_the_start_address_leads_to_the_page_once(server: PageServer) -> None:
    path = server.start_address.removeprefix(f"http://127.0.0.1:{server.server_port}")
    first, second = ask_path(server, path), ask_path(server, path)
    assert (first.status, second.status) == (303, 404)
    assert server.address.endswith(first.headers["Location"])


@pytest.mark.parametrize(
    "path",
    [
        "../page_handler.py",
        "..%2fpage_handler.py",
        "page/index.html",
        "/etc/passwd",
        "recordings",
        "recordings/..",
        "recordings/../../x/sound",
        "recordings/unknown",
    ],
)
def test_no_path_leads_out_of_the_page(server: PageServer, path: str) -> None:
    assert ask(server, path).status == 404


def test_every_answer_has_the_security_headers(server: PageServer, sound: str) -> None:
    for path in ("", "page.css", "settings", sound, "unknown"):
        headers = ask(server, path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_the_server_is_reachable_from_this_machine_only(server: PageServer) -> None:
    assert server.server_address[0] == "127.0.0.1"


# === Uploads ===


def test_a_file_that_is_too_large_is_refused(temporary: pathlib.Path) -> None:
    with served() as server:
        answer = ask(server, "recordings?name=a.wav", "POST", bytes(LIMIT_BYTES + 1))
        assert answer.status == 413
        assert answer.json()["error"].startswith("the file is larger than 2 MB")
        assert files(temporary) == []


def test_a_request_without_a_length_is_refused(server: PageServer) -> None:
    for length in ("", "-1", "x", "1_0"):
        headers = {"Content-Length": length}
        assert ask(server, "recordings", "POST", headers=headers).status == 411
    chunks = iter([b"RIFF"])
    assert ask(server, "recordings", "POST", chunks).status == 411


def test_an_aborted_upload_leaves_nothing_behind(temporary: pathlib.Path) -> None:
    with served() as server:
        with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
            head = f"POST /{server.token}/recordings?name=a.wav HTTP/1.1\r\n"
            head += f"Host: 127.0.0.1:{server.server_port}\r\nContent-Length: 1000\r\n\r\n"
            connection.sendall(head.encode() + bytes(500))
            wait_until(lambda: bool(files(temporary)))
        wait_until(lambda: not [path for path in temporary.glob("*/*") if path.name != "lock"])


@pytest.mark.parametrize(
    ("name", "shown", "download"),
    [
        ("../../etc/passwd", "passwd", "passwd_enhanced"),
        ("C:\\takes\\día 1.wav", "día 1.wav", "d%C3%ADa%201_enhanced.wav"),
        (
            'a"\r\nSet-Cookie: x=1;.wav',
            'a"Set-Cookie: x=1;.wav',
            "a%22Set-Cookie%3A%20x%3D1%3B_enh",
        ),
        ("声音.wav", "声音.wav", "%E5%A3%B0%E9%9F%B3_enhanced.wav"),
        ("..", "recording", "recording_enhanced"),
        ("x./../y.w/av", "av", "av_enhanced"),
    ],
)
def test_names_are_texts_and_no_paths(
    temporary: pathlib.Path, tmp_path: pathlib.Path, name: str, shown: str, download: str
) -> None:
    source = write(tmp_path / "a.wav", noise(4_000))
    with served() as server:
        recording = upload(server, source, name)
        assert state(server, recording)["name"] == shown
        assert {file.stem for file in files(temporary)} == {"source"}
        run(server, recording, "enhance", model="tiny_lstm")
        written = run(server, recording, "write", mix=1, max_attenuation_db=None)
        assert written["job"]["error"] == ""
        header = ask(server, f"{recording}/result").headers
        assert f"filename*=UTF-8''{download}" in header["Content-Disposition"]
        assert header["Set-Cookie"] is None


# === Jobs ===


def test_errors_are_one_line(temporary: pathlib.Path, tmp_path: pathlib.Path) -> None:
    text = tmp_path / "text.wav"
    text.write_text("no sound")
    with served() as server:
        recording = upload(server, text)
        failed = run(server, recording, "enhance", model="tiny_lstm")["job"]
        assert failed["state"] == "failed"
        assert failed["error"] == "not readable as audio: format not recognised"
        for wrong in ({"model": "unknown"}, {"model": ["x"]}, {}):
            answer = ask(server, f"{recording}/enhance", "POST", wrong)
            assert answer.status == 400
            assert answer.json()["error"].startswith("`model` must be one of")
        assert ask(server, f"{recording}/write", "POST", {"mix": 1}).status == 400
        assert ask(server, f"{recording}/write", "POST", b"[").status == 400
        assert ask(server, f"{recording}/write", "POST", bytes(20_000)).status == 413


@pytest.mark.parametrize("mix", [-0.1, 1.5, "1", None, True, float("nan")])
def test_strengths_out_of_range_are_refused(server: PageServer, sound: str, mix: object) -> None:
    answer = ask(server, sound.replace("sound", "write"), "POST", {"mix": mix})
    assert answer.status == 400
    assert "`mix` must be" in answer.json()["error"]


class Blocked:
    """Model that waits for the test in its first block."""

    def __init__(self) -> None:
        inner = lstm_step()
        self.sample_rate, self.hop_length = inner.sample_rate, inner.hop_length
        self.latency_samples = inner.latency_samples
        self.entered, self.released = threading.Event(), threading.Event()

    def initial_state(self, num_streams: int) -> None:
        return None

    def __call__(self, noisy, state):
        self.entered.set()
        self.released.wait()
        return noisy, state


def test_one_job_runs_at_a_time_and_a_removed_one_ends(
    temporary: pathlib.Path, noisy: pathlib.Path
) -> None:
    model = Blocked()
    with served(models={"blocked": model}) as server:
        first, second, third = (upload(server, noisy) for _ in range(3))
        for recording in (first, second, third):
            ask(server, f"{recording}/enhance", "POST", {"model": "blocked"})
        model.entered.wait()
        ahead = [state(server, recording)["job"]["ahead"] for recording in (first, second, third)]
        assert ahead == [0, 1, 2]
        assert state(server, second)["job"]["state"] == "waiting"
        # What waits is removed at once, what runs as soon as it stops.
        for recording in (first, second):
            assert ask(server, recording, "DELETE").status == 200
            assert ask(server, recording).status == 404
        assert sum(file.stem == "source" for file in files(temporary)) == 2
        model.released.set()
        wait_until(lambda: state(server, third)["job"]["state"] == "done")
        assert sum(file.stem == "source" for file in files(temporary)) == 1


def test_a_stopped_job_keeps_the_earlier_result(
    temporary: pathlib.Path, noisy: pathlib.Path
) -> None:
    model = Blocked()
    with served(models={"lstm": lstm_step(), "blocked": model}) as server:
        recording = upload(server, noisy)
        earlier = run(server, recording, "enhance", model="lstm")["enhanced"]
        ask(server, f"{recording}/enhance", "POST", {"model": "blocked"})
        model.entered.wait()
        assert ask(server, f"{recording}/job", "DELETE").status == 200
        model.released.set()
        wait_until(lambda: state(server, recording)["job"]["state"] == "failed")
        assert state(server, recording)["enhanced"] == earlier
        assert len(files(temporary)) == 3


# === Temporary files ===


def test_temporary_files_are_private_and_removed_at_the_end(
    temporary: pathlib.Path, noisy: pathlib.Path
) -> None:
    model = Blocked()
    with served(models={"blocked": model}) as server:
        (folder,) = temporary.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        recording = upload(server, noisy)
        ask(server, f"{recording}/enhance", "POST", {"model": "blocked"})
        model.entered.wait()
        model.released.set()
    assert list(temporary.iterdir()) == []


def test_recordings_expire(temporary: pathlib.Path, noisy: pathlib.Path) -> None:
    with served(keep_s=0.2) as server:
        recording = upload(server, noisy)
        wait_until(lambda: not files(temporary))
        gone = ask(server, recording)
        assert gone.status == 404
        assert gone.json() == {"error": "the recording was removed; choose it again."}


def test_files_of_a_killed_process_are_removed(temporary: pathlib.Path) -> None:
    for name in ("tfse-web-killed", "tfse-web-starting", "other"):
        (temporary / name).mkdir()
    (temporary / "tfse-web-killed" / "lock").touch()
    (temporary / "tfse-web-killed" / "source.wav").touch()
    with served(), served():
        kept = {path.name for path in temporary.iterdir()}
        assert {"tfse-web-starting", "other"} < kept
        assert "tfse-web-killed" not in kept
        assert len(kept) == 4


def test_no_module_imports_tensorflow_at_its_top() -> None:
    for path in pathlib.Path(tfse.__file__).parent.joinpath("web").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        names = [getattr(node, "module", None) or node.names[0].name for node in top]
        assert not {"tensorflow", "keras", "librosa"}.intersection(n.split(".")[0] for n in names)
