"""TFLite files of the shipped models against their cards."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
import soundfile

import tfse
from tests.exporting.test_tflite import snr_db
from tfse import metrics
from tfse.exporting.number_formats import EIGHT_BITS
from tfse.exporting.tflite import export_tflite
from tfse.exporting.verification.verify import LIMITS
from tfse.pretrained import FOLDER
from tfse.streaming import open_step
from tools.model_card import latency_of

pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")
pytest.importorskip("ai_edge_quantizer", reason="ai-edge-quantizer is not installed")

ROOT = pathlib.Path(__file__).parents[2]
FORMATS = ("float32", "float16", "dynamic", "int8")
# A recording is not the fifty of the card: so many dB less are its own.
OWN_DB = 10.0


def card_rows(name: str) -> dict[str, dict[str, str]]:
    """Returns the rows of exports of a card, by number format."""
    lines = (FOLDER / f"{name}.md").read_text().splitlines()
    heads = next(line for line in lines if line.startswith("| variant |"))
    rows = [line for line in lines if line.startswith("| TFLite ")]
    columns = [head.strip() for head in heads.strip("|").split("|")]
    split = [
        dict(zip(columns, map(str.strip, row.strip("|").split("|")), strict=True)) for row in rows
    ]
    return {row["variant"].removeprefix("TFLite "): row for row in split}


@pytest.fixture(scope="module")
def noisy() -> Any:
    samples, rate = soundfile.read(ROOT / "demo" / "noisy.flac", dtype="float32")
    assert rate == 16_000
    return samples


# The other DPCRNs differ from this one in widths alone.
@pytest.fixture(scope="module", params=["dpcrn_medium", "fastenhancer_base", "lstm_irm"])
def shipped(
    request: pytest.FixtureRequest, noisy: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, pathlib.Path]]:
    folder = tmp_path_factory.mktemp(request.param)
    model = tfse.load(request.param)
    calibration = [gain * noisy for gain in (1.0, 0.2)]
    exported = export_tflite(model, folder, FORMATS, calibration=calibration)
    return request.param, {outcome.number_format: outcome.path for outcome in exported}


def test_every_format_has_the_size_and_the_accuracy_of_the_card(
    shipped: tuple[str, dict[str, pathlib.Path]], noisy: Any
) -> None:
    name, files = shipped
    clean, rate = soundfile.read(ROOT / "demo" / "clean.flac", dtype="float32")
    offline = tfse.enhance(noisy, rate, tfse.load(name))
    rows = card_rows(name)
    for number_format, path in files.items():
        row = rows[number_format]
        size_mb = path.stat().st_size / 1e6
        # Which layers stay float32 depends on the calibration, here one recording.
        around = {"rel": 0.15} if number_format in EIGHT_BITS else {"abs": 0.01}
        assert size_mb == pytest.approx(float(row["size MB"]), **around), number_format
        enhanced = tfse.enhance(noisy, rate, open_step(path))
        assert snr_db(offline, enhanced) > float(row["SNR dB"]) - OWN_DB, number_format
        lost = metrics.pesq(clean, offline, rate) - metrics.pesq(clean, enhanced, rate)
        assert abs(lost) < LIMITS[number_format].pesq_worst, number_format


@pytest.mark.parametrize("name", tfse.models.pretrained_names())
def test_the_card_tells_cost_and_latency_of_its_weights(name: str) -> None:
    model = tfse.load(name)
    card = (FOLDER / f"{name}.md").read_text()
    assert f"{model.count_params():,} parameters" in card
    assert card.count(latency_of(model)) == 2, "in the introduction and in the measured part"
