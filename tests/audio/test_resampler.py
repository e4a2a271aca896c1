from __future__ import annotations

import numpy as np
import pytest
import soxr

from tests.streaming.tiny_streams import noise, tones
from tfse.audio.resampler import Resampler

RATES = (8_000, 11_025, 44_100, 48_000)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("size", [1, 100, 4096])
def test_blocks_equal_the_whole(rate: int, size: int) -> None:
    samples = noise(3001, 2)
    resampler = Resampler(rate, 16_000, 2)
    parts = [resampler.process(samples[i : i + size]) for i in range(0, 3001, size)]
    got = np.concatenate([*parts, resampler.finish()])
    wanted = soxr.resample(samples, rate, 16_000)
    # The end differs: the stream is padded with silence, the whole is not.
    np.testing.assert_array_equal(got[: len(wanted) - 1], wanted[:-1])


@pytest.mark.parametrize("rate", [1_000, *RATES, 768_000])
@pytest.mark.parametrize("samples", [0, 1, 2, 47, 48, 49, 1000])
def test_a_round_trip_is_never_too_short(rate: int, samples: int) -> None:
    there, back = Resampler(rate, 16_000, 1), Resampler(16_000, rate, 1)
    parts = [there.process(noise(samples, 1)), there.finish()]
    returned = [*(back.process(part) for part in parts), back.finish()]
    assert sum(map(len, returned)) >= samples


@pytest.mark.parametrize("rate", RATES)
def test_a_round_trip_is_time_aligned(rate: int) -> None:
    samples = tones(rate, rate)
    there, back = Resampler(rate, 16_000, 1), Resampler(16_000, rate, 1)
    middle = np.concatenate([there.process(samples), there.finish()])
    got = np.concatenate([back.process(middle), back.finish()])[: len(samples)]
    np.testing.assert_allclose(got, samples, atol=1e-5)


def test_the_same_rate_changes_nothing() -> None:
    resampler = Resampler(16_000, 16_000, 1)
    blocks = [noise(n, 1) for n in (0, 1, 500)]
    for given, got in zip(blocks, map(resampler.process, blocks), strict=True):
        np.testing.assert_array_equal(got, given)
