from __future__ import annotations

import csv
import pathlib

import numpy as np
import pytest
import soundfile

from tfse.data.config import DataConfig
from tfse.data.pipeline import fixed_dataset
from tfse.data.preview import COLUMNS, unbatched, write_mixtures

CONFIG = DataConfig(whole_utterances=True, reverb_probability=0.0, babble_probability=0.0)


def test_mixtures_come_out_one_by_one_without_padding_and_are_written(
    prepared: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    (batch,) = fixed_dataset(prepared, CONFIG, "train", batch_size=3, count=3)
    rows = write_mixtures(unbatched([batch]), tmp_path / "out", 16000, pictures=False)
    assert [row[0] for row in rows] == [f"train/0/0/{n}" for n in range(3)]
    assert len(set(batch["length"].numpy())) > 1, "or nothing would be padded"
    for number, row in enumerate(rows):
        stem = row[0].replace("/", "-")
        for name in ("noisy", "clean", "noise"):
            samples, rate = soundfile.read(tmp_path / f"out/{stem}-{name}.wav", dtype="float32")
            assert rate == 16000
            length = batch["length"][number].numpy()
            np.testing.assert_array_equal(samples, batch[name][number][:length])
        snr_db, level_dbfs, length_s = (float(value) for value in row[1:4])
        assert snr_db == pytest.approx(float(batch["snr_db"][number]), abs=0.006)
        assert level_dbfs == pytest.approx(float(batch["level_dbfs"][number]), abs=0.006)
        assert length_s == pytest.approx(length / 16000, abs=0.001)
        assert row[4:] == (batch["kind"][number].numpy().decode(), "no")
    with (tmp_path / "out/table.csv").open(newline="") as file:
        assert [tuple(row) for row in csv.reader(file)] == [COLUMNS, *rows]
    assert not list((tmp_path / "out").glob("*.png"))
