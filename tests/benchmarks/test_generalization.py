"""Rows of the benchmark of generalization: their splits and changes."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from benchmarks.generalization import SEEN, UNSEEN, change, mixer_of, mixtures
from tests import instances
from tfse.models import build
from tfse.streaming import open_step


def _row(prepared: pathlib.Path, *sides: str | None) -> list[dict[str, np.ndarray]]:
    return list(mixtures(mixer_of(str(prepared), *sides, segment_s=1.0), 3))


def test_rows_of_the_same_speech_differ_in_their_noise_alone(prepared: pathlib.Path) -> None:
    seen, unseen = _row(prepared, SEEN, SEEN, None), _row(prepared, SEEN, UNSEEN, None)
    for one, other in zip(seen, unseen, strict=True):
        cosine = one["clean"] @ other["clean"]
        cosine /= np.linalg.norm(one["clean"]) * np.linalg.norm(other["clean"])
        # The level is that of the mixture, so the same speech may be louder.
        assert cosine == pytest.approx(1.0, abs=1e-5)
        assert one["snr_db"] == pytest.approx(other["snr_db"], abs=1e-3)
        assert not np.allclose(one["noise"], other["noise"], atol=1e-3)


def test_rooms_of_either_side_are_heard_in_every_mixture(prepared: pathlib.Path) -> None:
    rooms = [_row(prepared, SEEN, SEEN, side) for side in (SEEN, UNSEEN)]
    for one, other in zip(*rooms, strict=True):
        assert one["reverberant"] and other["reverberant"]
        assert not np.allclose(one["clean"], other["clean"], atol=1e-3)


def test_what_has_no_value_is_no_number_and_the_rest_is_measured(prepared: pathlib.Path) -> None:
    step = open_step(build(instances.tiny_dpcrn()))
    mixture = _row(prepared, UNSEEN, UNSEEN, None)[0]
    pesq, stoi, si_sdr = change({**mixture, "noisy": mixture["clean"]}, step)
    # Fresh weights spoil clean speech; its SI-SDR against itself has no upper end.
    assert pesq < 0 and stoi < 0
    assert np.isnan(si_sdr)
