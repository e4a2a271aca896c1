"""Pictures of a mixture: its waveforms and their log spectrograms."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tfse.errors import ConfigError

WINDOW_S = 0.032
# What is this far below full scale is drawn as silence.
FLOOR_DB = -100.0


def draw_waveforms(
    path: str | os.PathLike[str],
    waveforms: Mapping[str, npt.NDArray[np.float32]],
    sample_rate: int,
    title: str,
) -> None:
    """Draws waveforms in one row and their log spectrograms below, all to one scale.

    Args:
        path: Where the PNG goes.
        waveforms: float32 [samples] of each name.
        sample_rate: Samples a second.
        title: Stands above the picture.

    Raises:
        ConfigError: matplotlib or librosa is not installed.
    """
    pyplot, display = _libraries()
    figure, axes = pyplot.subplots(
        2, len(waveforms), figsize=(5 * len(waveforms), 5), squeeze=False
    )
    figure.suptitle(title)
    # Even silence needs an axis with two ends.
    peak = max(1e-3, *(float(np.abs(samples).max()) for samples in waveforms.values()))
    for (name, samples), (above, below) in zip(waveforms.items(), axes.T, strict=True):
        # Not librosa's waveshow, which draws the whole figure anew for each waveform.
        above.plot(np.arange(samples.size) / sample_rate, samples, linewidth=0.5)
        above.set(title=name, ylim=(-peak, peak), xlim=(0, samples.size / sample_rate))
        _draw_spectrogram(display, below, samples, sample_rate)
    figure.savefig(path, format="png", bbox_inches="tight")
    pyplot.close(figure)


def _draw_spectrogram(
    display: Any, axes: Any, samples: npt.NDArray[np.float32], sample_rate: int
) -> None:
    import librosa

    length = round(WINDOW_S * sample_rate)
    magnitude = np.abs(librosa.stft(samples, n_fft=length, hop_length=length // 4))
    # A full-scale sine is 0 dB: its peak in a Hann window is a quarter of the length.
    level_db = 20 * np.log10(np.maximum(magnitude * 4 / length, 10 ** (FLOOR_DB / 20)))
    display.specshow(
        level_db,
        sr=sample_rate,
        hop_length=length // 4,
        x_axis="time",
        y_axis="hz",
        vmin=FLOOR_DB,
        vmax=0.0,
        ax=axes,
    )


def _libraries() -> tuple[Any, Any]:
    """Returns matplotlib's pyplot and librosa's display."""
    try:
        import librosa.display
        import matplotlib

        # No window is opened, and none can be on a server.
        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError as error:
        raise ConfigError(
            "Pictures need matplotlib and librosa: pip install 'tfse[demo]', or none with "
            f"--nopictures; received {error}."
        ) from error
    return pyplot, librosa.display
