"""SEGAN+ generator: 64.8 M parameters, windows of a second, for recordings only.

Papers: Pascual, Bonafonte and Serra, "SEGAN: Speech enhancement generative adversarial
network", Interspeech 2017; Pascual, Serra and Bonafonte, "Time-domain speech enhancement using
generative adversarial networks", Speech Communication 114, 2019.
There is no discriminator: the generator is trained by regression, with the losses of
`tfse.training.recipes.waveform_recipe`. Not trained yet: for the authors' weights see
`tfse.importing.originals.segan_plus`.

    tfse-train --config=configs/segan_plus.py --data_dir=prepared --run_dir=runs/segan_plus
"""

from tfse.models import SEGANPlusConfig
from tfse.training import ExperimentConfig
from tfse.training.recipes import waveform_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return waveform_recipe(
        SEGANPlusConfig(), steps=100_000, validate_every=2_000, checkpoint_every=200
    )
