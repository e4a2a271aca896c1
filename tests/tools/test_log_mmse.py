"""Log-MMSE suppressor against its papers, and its program."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate
import soundfile

from tests.cli.programs import run_module
from tfse.data.config import DataConfig
from tfse.evaluation.sources.folder_source import FolderSource
from tfse.evaluation.sources.metadata_file import read_metadata
from tfse.evaluation.sources.mixture_source import MixtureSource
from tfse.evaluation.sources.recordings import read
from tools import log_mmse

RATE = 16_000


@pytest.mark.parametrize(("prior", "posterior"), [(1.0, 1.0), (0.1, 2.0), (30.0, 20.0)])
def test_the_gain_is_equation_20(prior: float, posterior: float) -> None:
    v = posterior * prior / (1 + prior)
    integral, _ = scipy.integrate.quad(lambda t: np.exp(-t) / t, v, np.inf)
    expected = prior / (1 + prior) * np.exp(0.5 * integral)
    gain = log_mmse.log_amplitude_gain(np.array(prior), np.array(posterior))
    assert float(gain) == pytest.approx(expected, rel=1e-6)


def test_noise_that_becomes_louder_is_found_again() -> None:
    rng = np.random.default_rng(0)
    noise, presence = np.ones(200), np.full(200, 0.5)
    # 12 dB more: speech for a while, and then the new noise.
    for _ in range(200):
        noise, presence = log_mmse.track_noise(16 * rng.exponential(size=200), noise, presence)
    assert 10 * np.log10(noise.mean() / 16) == pytest.approx(0.0, abs=1.5)


def test_a_modulated_tone_comes_out_of_white_noise(tmp_path) -> None:
    rng = np.random.default_rng(1)
    time = np.arange(3 * RATE) / RATE
    clean = 0.2 * np.sin(2 * np.pi * 440 * time) * (np.sin(2 * np.pi * 1.5 * time) < 0)
    (tmp_path / "noisy").mkdir()
    noisy = clean + 0.05 * rng.standard_normal(clean.size)
    soundfile.write(tmp_path / "noisy" / "a.wav", noisy, RATE, subtype="FLOAT")
    flags = (f"--noisy_dir={tmp_path / 'noisy'}", f"--output_dir={tmp_path / 'out'}")
    assert run_module("tools.log_mmse", *flags).returncode == 0
    enhanced, rate = soundfile.read(tmp_path / "out" / "a.wav")
    assert (rate, enhanced.size) == (RATE, clean.size)
    before, after = (np.mean((x - clean) ** 2) for x in (noisy, enhanced))
    assert 10 * np.log10(before / after) > 10


def test_mixtures_are_written_as_the_evaluation_takes_them(prepared, tmp_path) -> None:
    flags = [f"--data_dir={prepared}", "--split=valid", "--count=2", "--segment_s=1"]
    ended = run_module("tools.log_mmse", *flags, f"--output_dir={tmp_path / 'out'}")
    assert ended.returncode == 0, ended.stderr
    source = FolderSource(
        [tmp_path / "out" / "clean"],
        [tmp_path / "out" / "noisy"],
        {"log_mmse": tmp_path / "out" / "log_mmse"},
        read_metadata(tmp_path / "out" / "metadata.csv"),
    )
    config = DataConfig(clean_probability=0.0, segment_s=1.0)
    mixtures = list(MixtureSource(prepared, config, "valid", 2).recordings(range(2)))
    for written, mixed in zip(source.recordings(range(2)), mixtures, strict=True):
        assert written.facts == mixed.facts
        for name in ("reference", "noisy"):
            one, other = read(getattr(written, name)), read(getattr(mixed, name))
            np.testing.assert_array_equal(one.samples, other.samples)
        assert read(written.estimates["log_mmse"]).samples.size == RATE
