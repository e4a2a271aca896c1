"""Page in a real browser, used as a person uses it."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

import tfse
from tests.evaluation.browser import Browser, executable
from tests.streaming.tiny_streams import RATE, lstm_step, noise, write
from tests.waiting import wait_until
from tests.web.served import LIMIT_BYTES, served
from tfse.streaming import EnhanceOptions
from tfse.web.serving import PageServer

pytestmark = pytest.mark.skipif(executable() is None, reason="no Chromium is installed")

SECONDS = 20
# Keeps what goes to the loudspeaker measurable, and every refusal of the content policy.
TAPS = """
window.refused = [];
addEventListener("securitypolicyviolation", event => refused.push(event.violatedDirective), true);
const { connect } = AudioNode.prototype;
AudioNode.prototype.connect = function (target, ...rest) {
  if (target instanceof AudioDestinationNode) {
    window.context = this.context;
    window.analyser = new AnalyserNode(this.context, { fftSize: 2048 });
    connect.call(this, analyser);
  }
  return connect.call(this, target, ...rest);
};
window.heard = () => {
  const samples = new Float32Array(2048);
  window.analyser?.getFloatTimeDomainData(samples);
  return Math.hypot(...samples);
};
"""
# The page shows the position once per frame.
POSITION = """
new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
  .then(() => Number(document.getElementById("position").value))"""
PIXELS = """
(async image => {
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.width, canvas.height, new Set(new Uint32Array(data.buffer)).size];
})"""


class User:
    """The page, as its user has it."""

    def __init__(self, browser: Browser, downloads: pathlib.Path) -> None:
        self.browser = browser
        self.downloads = downloads

    def drop(self, file: pathlib.Path) -> None:
        x, y = self.browser.ask(
            "(r => [r.x + r.width / 2, r.y + r.height / 2])"
            "(document.getElementById('drop').getBoundingClientRect())"
        )
        data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.browser.call("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def choose(self, file: pathlib.Path) -> None:
        root = self.browser.call("DOM.getDocument")["root"]["nodeId"]
        node = self.browser.call("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
        self.browser.call("DOM.setFileInputFiles", nodeId=node, files=[str(file)])

    def text(self, selector: str) -> str:
        return str(self.browser.ask(f"document.querySelector({selector!r}).textContent"))

    def press(self, selector: str) -> None:
        self.browser.ask(f"document.querySelector({selector!r}).click()")

    def set(self, selector: str, value: object) -> None:
        self.browser.ask(
            f"(e => {{ e.value = {json.dumps(value)};"
            "for (const name of ['input', 'change']) e.dispatchEvent(new Event(name)); })"
            f"(document.querySelector({selector!r}))"
        )

    def until_text(self, selector: str, start: str) -> None:
        self.browser.until(
            f"document.querySelector({selector!r}).textContent.startsWith({start!r})"
        )

    def download(self, name: str) -> pathlib.Path:
        """Presses the button and waits for the file, which has another name until it is whole."""
        file = self.downloads / name
        file.unlink(missing_ok=True)
        self.press("#download")
        self.until_text("#status", "The result is")
        wait_until(file.exists)
        return file

    def position(self) -> float:
        return float(self.browser.ask(POSITION))


@pytest.fixture(scope="module")
def server() -> Iterator[PageServer]:
    with served() as server:
        yield server


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("recordings")
    return write(folder / "día & 声音 1.flac", noise(SECONDS * RATE, 2))


@pytest.fixture
def user(server: PageServer, tmp_path: pathlib.Path) -> Iterator[User]:
    downloads = tmp_path / "downloads"
    with Browser(server.address, tmp_path / "profile", TAPS) as browser:
        browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
        browser.until("document.getElementById('model').options.length > 0")
        yield User(browser, downloads)


@pytest.fixture
def enhanced(user: User, noisy: pathlib.Path) -> User:
    """The page with the result of the first model."""
    user.drop(noisy)
    user.until_text("#status", "Done")
    return user


def reference(noisy: pathlib.Path, folder: pathlib.Path, **options: float) -> np.ndarray:
    target = folder / "reference.flac"
    tfse.enhance_file(noisy, target, lstm_step(), EnhanceOptions(**options), overwrite=True)
    return soundfile.read(target)[0]


def test_a_dropped_file_is_enhanced_and_downloaded(
    enhanced: User, noisy: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    assert enhanced.text("#name") == noisy.name
    assert enhanced.browser.ask("document.getElementById('work').hidden")
    file = enhanced.download(f"{noisy.stem}_enhanced.flac")
    np.testing.assert_array_equal(soundfile.read(file)[0], reference(noisy, tmp_path))


def test_the_strength_changes_sound_picture_and_download(
    enhanced: User, noisy: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    before = enhanced.browser.ask("document.getElementById('picture-after').src")
    enhanced.set("#strength", 30)
    enhanced.set("#limit", "12")
    assert enhanced.text("#strength-value") == "30 %"
    assert enhanced.browser.ask("document.getElementById('picture-after').src") != before
    file = enhanced.download(f"{noisy.stem}_enhanced.flac")
    expected = reference(noisy, tmp_path, mix=0.3, max_attenuation_db=12.0)
    np.testing.assert_array_equal(soundfile.read(file)[0], expected)


def test_progress_reaches_the_end(user: User, noisy: pathlib.Path) -> None:
    user.browser.ask(
        """
        window.shown = [];
        new MutationObserver(() => shown.push(progress.value))
          .observe(document.getElementById("progress"), { attributes: true });
        """
    )
    user.choose(noisy)
    user.until_text("#status", "Done")
    values = user.browser.ask("shown")
    assert max(values) <= 1
    # The upload reports its end, even if it is too fast for more.
    assert 1 in values


def test_before_and_after_are_switched_in_step(enhanced: User) -> None:
    ask = enhanced.browser.ask
    enhanced.press("#play")
    enhanced.browser.until("heard() > 0.01")
    assert enhanced.text("#play") == "Pause"
    after = ask("heard()")
    # The clock of the sound stands still meanwhile.
    ask("context.suspend()")
    position = ask(POSITION)
    enhanced.press("#before")
    assert ask(POSITION) == position
    ask("context.resume()")
    # The model removes nearly all of the noise.
    wait_until(lambda: ask("heard()") > 2 * after)
    assert ask(POSITION) > position
    assert enhanced.text("#play") == "Pause"
    enhanced.press("#play")
    stopped = enhanced.position()
    assert 0 < stopped < SECONDS
    enhanced.press("#after")
    assert enhanced.position() == stopped


def test_playing_goes_to_the_end_from_any_position(enhanced: User) -> None:
    enhanced.set("#position", SECONDS - 0.5)
    enhanced.press("#play")
    enhanced.browser.until("document.getElementById('play').textContent === 'Play'")
    assert enhanced.position() == SECONDS
    assert enhanced.text("#time") == "00:20 / 00:20"
    # From the end it starts over.
    enhanced.press("#play")
    enhanced.browser.until("Number(position.value) < 15 && heard() > 0.01")


def test_both_spectrograms_are_drawn(enhanced: User) -> None:
    for side in ("before", "after"):
        width, height, colours = enhanced.browser.ask(
            f"{PIXELS}(document.getElementById('picture-{side}'))"
        )
        assert width > 500 and height == 160
        assert colours > 5


def test_another_model_runs_again(enhanced: User) -> None:
    first = enhanced.browser.ask("document.getElementById('picture-after').src")
    enhanced.set("#model", "tiny_dpcrn")
    enhanced.browser.until(f"document.getElementById('picture-after').src !== {first!r}")
    enhanced.until_text("#status", "Done")


def test_what_cannot_be_used_is_refused_in_one_line(
    user: User, noisy: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    text = tmp_path / "text.wav"
    text.write_text("no sound")
    user.drop(text)
    user.until_text("#error", "text.wav: not readable as audio: format not recognised")
    large = tmp_path / "large.wav"
    large.write_bytes(bytes(LIMIT_BYTES + 1))
    user.drop(large)
    user.until_text("#error", "large.wav: the file is larger than 2 MB; see --max_mb of tfse-web.")
    assert user.browser.ask("document.getElementById('result').hidden")
    # The next one works.
    user.drop(noisy)
    user.until_text("#status", "Done")
    assert user.text("#error") == ""


def test_nothing_comes_from_elsewhere_and_the_page_has_no_errors(
    enhanced: User, server: PageServer
) -> None:
    enhanced.press("#play")
    enhanced.browser.until("heard() > 0.01")
    assert enhanced.browser.ask("refused") == []
    urls = [one["request"]["url"] for one in enhanced.browser.named("Network.requestWillBeSent")]
    assert [url for url in urls if not url.startswith(server.address)] == []
    assert enhanced.browser.named("Runtime.exceptionThrown") == []
    assert enhanced.browser.named("Log.entryAdded") == []


def test_the_content_policy_refuses_everything_foreign(user: User) -> None:
    user.browser.ask(
        "fetch('https://example.org/').catch(() => {});"
        "document.body.append(Object.assign(new Image, {src: 'data:image/png;base64,AAAA'}),"
        "Object.assign(document.createElement('script'), {textContent: 'window.attacked = 1'}))"
    )
    user.browser.until("refused.length === 3")
    assert sorted(user.browser.ask("refused")) == ["connect-src", "img-src", "script-src-elem"]
    assert not user.browser.ask("'attacked' in window")


def test_a_closed_page_leaves_nothing_behind(enhanced: User, server: PageServer) -> None:
    recordings = server.service.recordings
    source = enhanced.browser.ask("document.getElementById('picture-before').src")
    recording = recordings.find(source.split("/")[5])
    assert recording is not None and recording.source.exists()
    enhanced.browser.call("Page.close")
    wait_until(lambda: not recording.folder.exists())


def test_the_page_fits_a_phone(enhanced: User) -> None:
    enhanced.browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=360,
        height=740,
        deviceScaleFactor=2,
        mobile=True,
    )
    assert enhanced.browser.ask("document.documentElement.scrollWidth") == 360


def test_every_control_has_a_name_and_takes_the_keyboard(enhanced: User) -> None:
    enhanced.browser.call("Accessibility.enable")
    nodes = enhanced.browser.call("Accessibility.getFullAXTree")["nodes"]
    roles = ("button", "slider", "combobox", "radio", "progressbar", "image")
    found = [(n["role"]["value"], n["name"]["value"]) for n in nodes if n["role"]["value"] in roles]
    assert all(name for _, name in found), found
    for control in (
        ("combobox", "Model"),
        ("radio", "Before"),
        ("slider", "Position in the recording"),
        ("button", "Download"),
    ):
        assert control in found
    enhanced.browser.ask("document.getElementById('after').focus()")
    for kind in ("rawKeyDown", "keyUp"):
        enhanced.browser.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key="ArrowUp",
            code="ArrowUp",
            windowsVirtualKeyCode=38,
        )
    assert enhanced.browser.ask("document.getElementById('before').checked")
