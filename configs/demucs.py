"""Demucs of denoiser, 48 channels: 18.9 M parameters, 2.5 G multiply-accumulates per second.

Paper: Defossez, Synnaeve and Adi, "Real time speech enhancement in the waveform domain",
Interspeech 2020. Waveform to waveform, 37 ms of look-ahead beside hops of 16 ms. The authors'
loss, L1 and a multi-resolution STFT, is not used.
Data, loss and training: `tfse.training.recipes.waveform_recipe`. Not trained yet: for the
authors' weights see `tfse.importing.originals.demucs`.

    tfse-train --config=configs/demucs.py --data_dir=prepared --run_dir=runs/demucs
"""

from tfse.models import DemucsConfig
from tfse.training import ExperimentConfig
from tfse.training.recipes import waveform_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return waveform_recipe(
        DemucsConfig(), steps=100_000, validate_every=2_000, checkpoint_every=200
    )
