"""Recording cards: metrics, spectrograms and players of one recording."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
import soundfile

from tfse import picture
from tfse.evaluation.report.excerpts import Excerpt
from tfse.evaluation.results import Results
from tfse.evaluation.sources.recordings import Sound
from tfse.metrics.registry import PRINCIPAL, metric_of

#: Length of the shown start of a recording, seconds.
MOST_S = 20.0


def card(excerpt: Excerpt, results: Results, embed_audio: bool) -> str:
    """Returns the HTML of one recording.

    Args:
        excerpt: recording with its sounds.
        results: rows of the report.
        embed_audio: whether it has players.
    """
    row = results.row(excerpt.index, results.systems[0])
    about = [html.escape(place) for place in excerpt.places]
    snr_db = results.snr_db(excerpt.index)
    facts = [] if snr_db is None else [f"SNR {snr_db:.1f} dB"]
    facts += [html.escape(row.facts.noise)] if row.facts.noise else []
    facts += ["in a room"] if row.facts.reverberant else []
    return (
        f'<article class="card"><h3>{html.escape(row.file)}</h3>'
        f'<p class="places">{"".join(f"<span>{place}</span>" for place in about)}</p>'
        f'<p class="facts">{" · ".join(facts)}</p>'
        f'<div class="sounds">{"".join(_sounds(excerpt, results, embed_audio))}</div></article>'
    )


def _sounds(excerpt: Excerpt, results: Results, embed_audio: bool) -> Sequence[str]:
    sounds = {name: _beginning(sound) for name, sound in excerpt.sounds.items()}
    if not sounds:
        return ["<p>The audio is not available.</p>"]
    pictures = {
        name: picture.thumbnail_levels_db(sound.samples, sound.sample_rate)
        for name, sound in sounds.items()
    }
    # One scale for all, so that levels are comparable.
    loudest = max(float(levels.max()) for levels in pictures.values())
    return [
        _sound(name, sound, pictures[name], loudest, _scores(name, excerpt, results), embed_audio)
        for name, sound in sounds.items()
    ]


def _sound(
    name: str,
    sound: Sound,
    levels: picture.Levels,
    loudest: float,
    scores: str,
    embed_audio: bool,
) -> str:
    image = _data("image/png", picture.thumbnail_png(levels, loudest))
    player = ""
    if embed_audio:
        audio = _data("audio/flac", _flac(sound))
        player = f'<audio controls preload="none" src="{audio}"></audio>'
    top_khz = sound.sample_rate / 2000
    escaped = html.escape(name, quote=True)
    return (
        f"<figure><figcaption><b>{escaped}</b> <small>{scores}</small></figcaption>"
        f'<div class="picture"><img alt="Spectrogram of {escaped}" src="{image}">'
        f"<span>{top_khz:g} kHz</span><span>{sound.seconds:.1f} s</span></div>{player}</figure>"
    )


def _scores(name: str, excerpt: Excerpt, results: Results) -> str:
    if name not in results.systems:
        return ""
    values = results.row(excerpt.index, name).values
    known = [(metric_of(metric), values[metric]) for metric in PRINCIPAL if metric in values]
    return html.escape(" · ".join(f"{m.short} {v:.{m.digits}f}" for m, v in known))


def _beginning(sound: Sound) -> Sound:
    return Sound(sound.samples[: round(MOST_S * sound.sample_rate)], sound.sample_rate)


def _flac(sound: Sound) -> bytes:
    file = io.BytesIO()
    samples = np.clip(np.nan_to_num(sound.samples), -1.0, 1.0)
    soundfile.write(file, samples, sound.sample_rate, format="FLAC", subtype="PCM_16")
    return file.getvalue()


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
