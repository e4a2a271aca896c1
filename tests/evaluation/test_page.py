"""Report page in a real browser."""

from __future__ import annotations

import dataclasses
import pathlib
import struct
import zlib
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import pytest

from tests.evaluation.browser import Browser, executable
from tests.evaluation.small_sets import RATE, Pairs, gain_system
from tfse import picture
from tfse.evaluation.report import plots
from tfse.evaluation.run_evaluation import Order, evaluate
from tfse.evaluation.sources.recordings import Facts, Missing, Recording, Sound
from tfse.evaluation.sources.systems import NOISY, System

HOSTILE = "<img src=x onerror=document.title='attacked'>.wav"
needs_browser = pytest.mark.skipif(executable() is None, reason="no Chromium is installed")


class Named(Pairs):
    """Three voices, the first with HTML as its name, and a missing one."""

    def recordings(self, wanted: Collection[int]) -> Iterator[Recording]:
        for one in super().recordings(wanted):
            if one.index == 0:
                yield dataclasses.replace(one, file=HOSTILE, facts=Facts(-6.0, "<b>rain</b>", True))
            elif one.index == 3:
                yield dataclasses.replace(one, reference=Missing("nobody has it"))
            else:
                yield one


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("page")
    systems = [System(NOISY), gain_system(0.5), gain_system(2.0)]
    return folder / "report.html", evaluate(Order(Named(4), systems, folder, worst=1))


@pytest.fixture(scope="module")
def browser(
    made: tuple[pathlib.Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    with Browser(made[0], tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@needs_browser
def test_the_page_is_self_contained_and_has_no_errors(browser: Browser) -> None:
    browser.ask("new Promise(done => setTimeout(done, 100))")
    urls = [one["request"]["url"] for one in browser.named("Network.requestWillBeSent")]
    assert urls, "the page itself is a request"
    assert [url for url in urls if not url.startswith(("file:///", "data:"))] == []
    assert sum(url.startswith("file:") for url in urls) == 1
    assert browser.named("Runtime.exceptionThrown") == []
    assert browser.named("Log.entryAdded") == []


@needs_browser
def test_names_are_text_and_no_markup(browser: Browser) -> None:
    assert browser.ask("document.title") == "tfse-evaluate"
    heads = browser.ask("[...document.querySelectorAll('.card h3')].map(e => e.textContent)")
    assert HOSTILE in heads
    assert browser.ask("document.querySelectorAll('img[src=x], b > b').length") == 0
    assert "<b>rain</b>" in browser.ask("document.body.textContent")


@needs_browser
def test_the_figures_are_those_of_the_report(
    browser: Browser, made: tuple[pathlib.Path, dict[str, Any]]
) -> None:
    rows = browser.ask(
        "[...document.querySelectorAll('section table')[0].tBodies[0].rows]"
        ".map(r => [...r.cells].map(c => c.innerText))"
    )
    means = made[1]["figures"]["means"]
    (stoi,) = [row for row in rows if row[0].startswith("STOI")]
    for cell, system in zip(stoi[1:], made[1]["systems"], strict=True):
        assert cell.split()[0] == f"{means[system]['stoi']['mean']:.3f}"
        assert "3 of 4" in cell
    assert "nobody has it" in browser.ask("document.body.innerText")


@needs_browser
def test_choosing_a_metric_shows_its_plots_and_tables(browser: Browser) -> None:
    shown = "[...document.querySelectorAll('.panel')].filter(p => p.offsetHeight > 0)"
    assert browser.ask(f"{shown}.map(p => p.dataset.metric)") == ["pesq_wb"]
    browser.ask(
        "metric.value = 'si_sdr_db', metric.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    assert browser.ask(f"{shown}.map(p => p.dataset.metric)") == ["si_sdr_db"]
    assert browser.ask(f"{shown}[0].querySelectorAll('svg').length") == 2
    heads = browser.ask(f"[...{shown}[0].querySelectorAll('h3')].map(h => h.textContent)")
    assert heads == ["By SNR", "By kind of noise", "By reverberation"]
    boxes = browser.ask(
        f"[...{shown}[0].querySelectorAll('svg path.line')].map(p => p.getTotalLength())"
    )
    assert len(boxes) == 3 and min(boxes) > 50


@needs_browser
def test_pictures_and_players_work(browser: Browser) -> None:
    sizes = browser.ask(
        "[...document.querySelectorAll('.card img')].map(i => [i.naturalWidth, i.naturalHeight])"
    )
    players = browser.ask("document.querySelectorAll('audio').length")
    assert sizes == [[picture.THUMBNAIL_WIDTH, picture.THUMBNAIL_HEIGHT]] * players
    assert players == 4 * browser.ask("document.querySelectorAll('.card').length") > 0
    length = browser.ask(
        "new Promise((done, failed) => { const a = document.querySelector('.card audio');"
        "a.onloadedmetadata = () => done(a.duration); a.onerror = failed; a.load(); })"
    )
    assert length in [pytest.approx(1.0 + 0.1 * n, abs=0.01) for n in range(3)]


@needs_browser
def test_one_player_plays_at_a_time(browser: Browser) -> None:
    browser.ask(
        "window.two = [...document.querySelectorAll('audio')].slice(0, 2),"
        "two.forEach(a => { a.loop = true; }), two[0].play()"
    )
    browser.ask("two[1].play()")
    browser.until("two[0].paused && !two[1].paused")


@needs_browser
@pytest.mark.parametrize("width", [360, 800, 1400])
def test_no_width_makes_the_page_scroll_sideways(browser: Browser, width: int) -> None:
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        **{"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False},
    )
    assert browser.ask("innerWidth") == width
    assert browser.ask("document.documentElement.scrollWidth") <= width


@needs_browser
def test_light_and_dark_have_contrast(browser: Browser) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.call("Emulation.setEmulatedMedia", features=[feature])
        style = "getComputedStyle(document.body)"
        colours[scheme] = [
            np.mean([int(v) for v in browser.ask(f"{style}.{part}.match(/\\d+/g)")[:3]])
            for part in ("backgroundColor", "color")
        ]
    assert colours["light"][0] - colours["light"][1] > 150
    assert colours["dark"][1] - colours["dark"][0] > 150


def test_sound_can_be_left_out(tmp_path: pathlib.Path) -> None:
    order = Order(Pairs(1), [System(NOISY), gain_system(0.5)], tmp_path, worst=1)
    evaluate(order)
    assert "<audio" in (tmp_path / "report.html").read_text()
    evaluate(dataclasses.replace(order, embed_audio=False))
    silent = (tmp_path / "report.html").read_text()
    assert "audio/flac" not in silent and "<audio" not in silent
    assert silent.count("image/png") == 3


def test_a_tone_is_a_line_at_its_height() -> None:
    time = np.arange(RATE) / RATE
    tone = Sound(np.sin(2 * np.pi * 2000 * time).astype(np.float32), RATE)
    levels = picture.thumbnail_levels_db(tone.samples, tone.sample_rate)
    assert levels.shape == (picture.THUMBNAIL_HEIGHT, picture.THUMBNAIL_WIDTH)
    # 2 kHz of 8 kHz: a quarter up from the bottom.
    assert np.all(np.abs(levels.argmax(axis=0) - 0.75 * picture.THUMBNAIL_HEIGHT) <= 1)


@pytest.mark.parametrize("samples", [1, 300, 16_000 * 60])
def test_any_length_is_a_picture(samples: int) -> None:
    levels = picture.thumbnail_levels_db(np.zeros(samples, np.float32), RATE)
    data = picture.thumbnail_png(levels, 0.0)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (picture.THUMBNAIL_WIDTH, picture.THUMBNAIL_HEIGHT)
    start = data.index(b"IDAT")
    (size,) = struct.unpack(">I", data[start - 4 : start])
    pixels = zlib.decompress(data[start + 4 : start + 4 + size])
    assert len(pixels) == picture.THUMBNAIL_HEIGHT * (picture.THUMBNAIL_WIDTH + 1)
    assert set(pixels) == {0}


def test_plots_of_nothing_are_nothing_and_of_one_value_are_something() -> None:
    nothing = plots.Series(0, [None], [None], [None])
    assert plots.against_groups(["a"], [nothing], "PESQ") == ""
    assert plots.scatter([(0, [])], "PESQ") == ""
    one = plots.Series(1, [2.0, None], [None, None], [None, None])
    assert "M" in plots.against_groups(["a", "b"], [one], "PESQ")
    assert plots.scatter([(1, [(2.0, 2.0)])], "PESQ").count("h0") == 1


def test_large_numbers_of_points_are_thinned() -> None:
    pairs = [(float(n), float(n)) for n in range(5000)]
    assert plots.scatter([(1, pairs)], "x").count("h0") == plots.MOST_POINTS


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.93), (-5.3, 21.0), (1e-5, 2e-5), (-0.2, 1e6)])
def test_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    ticks = plots._ticks(low, high)
    assert 2 <= len(ticks) <= 6
    assert all(low <= tick <= high and len(f"{tick:g}") <= 9 for tick in ticks)
