"""Preview: mixtures as WAV files and pictures, with a table."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import soundfile

from tfse import csv_rows
from tfse.data.mixer import Mixture
from tfse.picture import draw_waveforms

WAVEFORMS = ("noisy", "clean", "noise")
COLUMNS = ("key", "snr_db", "level_dbfs", "length_s", "kind", "reverberant")
TABLE_NAME = "table.csv"

Row = tuple[str, ...]


def unbatched(batches: Iterable[Mixture]) -> Iterator[Mixture]:
    """Yields the mixtures of batches one by one, without padding.

    Shapes:
        waveforms [batch, samples] -> [length]; all else [batch] -> []
    """
    for batch in batches:
        for number, length in enumerate(batch["length"].numpy()):
            mixture = {name: value[number] for name, value in batch.items()}
            yield {**mixture, **{name: mixture[name][:length] for name in WAVEFORMS}}


def write_mixtures(
    mixtures: Iterable[Mixture],
    folder: str | os.PathLike[str],
    sample_rate: int,
    *,
    pictures: bool = True,
) -> list[Row]:
    """Writes each mixture as WAV files and a picture, and a table of all mixtures.

    Args:
        mixtures: mixtures of the pipeline, not batched.
        folder: where the files go; it is created if missing.
        sample_rate: samples per second.
        pictures: whether to draw pictures.

    Returns:
        The rows of the table under `COLUMNS`.

    Raises:
        ConfigError: pictures are asked for and matplotlib is not installed.
    """
    target = pathlib.Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    rows = []
    for mixture in mixtures:
        row = _row(mixture, sample_rate)
        _write_mixture(mixture, row, target, sample_rate, pictures)
        rows.append(row)
    (target / TABLE_NAME).write_bytes(csv_rows.encode([COLUMNS, *rows]))
    return rows


def _write_mixture(
    mixture: Mixture, row: Row, folder: pathlib.Path, sample_rate: int, pictures: bool
) -> None:
    stem = row[0].replace("/", "-")
    waveforms = {name: np.asarray(mixture[name]) for name in WAVEFORMS}
    for name, samples in waveforms.items():
        # Floats, as the clip guard keeps noisy and clean below full scale, not their difference.
        soundfile.write(folder / f"{stem}-{name}.wav", samples, sample_rate, subtype="FLOAT")
    if pictures:
        title = ", ".join(f"{name} {text}" for name, text in zip(COLUMNS, row, strict=True))
        draw_waveforms(waveforms, sample_rate, folder / f"{stem}.png", title)


def _row(mixture: Mixture, sample_rate: int) -> Row:
    return (
        _text(mixture["key"]),
        f"{float(mixture['snr_db']):.2f}",
        f"{float(mixture['level_dbfs']):.2f}",
        f"{int(mixture['length']) / sample_rate:.3f}",
        _text(mixture["kind"]),
        "yes" if bool(mixture["reverberant"]) else "no",
    )


def _text(value: Any) -> str:
    return bytes(value.numpy()).decode(errors="surrogateescape")
