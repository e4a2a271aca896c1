"""LSTM-IRM with a second target: the mask, and the clean log power spectrum.

Paper: Sun, Du, Dai and Lee, "Multiple-target deep learning for LSTM-RNN based
speech enhancement", HSCMA 2017. The second head makes the LSTMs learn what speech
looks like as well as where it is; only the mask is used to enhance.
Data: as for `lstm_irm.py`.
Loss: mask MSE + 0.1 times the MSE of the standardized clean log power spectrum.
Expect: no weights are shipped; the speed of training is that of `lstm_irm.py`.

    tfse-train --config=configs/lstm_irm_multitarget.py --data_dir=prepared \
        --run_dir=runs/lstm_irm_multitarget
"""

from tfse.data.config import DataConfig
from tfse.losses import LossConfig
from tfse.models import LSTMIRMConfig
from tfse.training import ExperimentConfig, TrainConfig


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return ExperimentConfig(
        model=LSTMIRMConfig(name="lstm_irm_multitarget", predict_log_power=True),
        data=DataConfig(segment_s=3.0),
        loss=LossConfig(mask_mse=1.0, clean_log_power_mse=0.1),
        train=TrainConfig(batch_size=16, steps=20_000, validate_every=500),
    )
