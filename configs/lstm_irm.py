"""LSTM-IRM: two LSTMs that estimate the ideal ratio mask.

Paper: Wang, Narayanan and Wang, "On training targets for supervised speech
separation", IEEE/ACM TASLP 22(12), 2014, for the mask; LSTMs as in Weninger et
al., LVA/ICA 2015.
Data, loss and training: `tfse.training.recipes.mask_recipe`.
Expect: PESQ +0.228, STOI +0.020 and SI-SDR +3.15 dB on the test mixtures of
`tfse/pretrained/lstm_irm.md`; 7,000 steps are an hour and a half on one
shared core.

    tfse-train --config=configs/lstm_irm.py --data_dir=prepared --run_dir=runs/lstm_irm
"""

from tfse.models import LSTMIRMConfig
from tfse.training import ExperimentConfig
from tfse.training.recipes import mask_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return mask_recipe(LSTMIRMConfig())
