"""LSTM-IRM: two LSTMs that estimate the ideal ratio mask.

Paper: Wang, Narayanan and Wang, "On training targets for supervised speech
separation", IEEE/ACM TASLP 22(12), 2014, for the mask; LSTMs as in Weninger et
al., LVA/ICA 2015.
Data, loss and training: `tfse.training.recipes.mask_recipe`.
Expect: the shipped weights, of 91 hours of mixtures, have PESQ +0.248, STOI +0.017 and SI-SDR
+2.53 dB on the validation mixtures of `tfse/pretrained/lstm_irm.md`. A step takes 0.8 s on one
core beside another training.

    tfse-train --config=configs/lstm_irm.py --data_dir=prepared --run_dir=runs/lstm_irm
"""

from tfse.models import LSTMIRMConfig
from tfse.training import ExperimentConfig
from tfse.training.recipes import mask_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return mask_recipe(LSTMIRMConfig(dc_time_s=0.5))
