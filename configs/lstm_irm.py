"""LSTM-IRM: two LSTMs that estimate the ideal ratio mask.

Paper: Wang, Narayanan and Wang, "On training targets for supervised speech
separation", IEEE/ACM TASLP 22(12), 2014, for the mask; LSTMs as in Weninger et
al., LVA/ICA 2015.
Data: any corpus that `tfse-prepare` has prepared; 3 s mixtures at -5 to 20 dB,
30 % of them in a room; speakers share them by the root of how long they speak; varied
as those of `dpcrn_small.py` are, but less.
Loss: mask MSE as in the paper, + twice the compressed spectrum MSE + 0.03 times
negative SI-SDR, which let the mask serve the waveform it will be used for, + 0.12 times
the disturbance of loudness of P.862 and 0.15 times the negative ESTOI.
Expect: PESQ +0.228, STOI +0.020 and SI-SDR +3.15 dB on the test mixtures of
`tfse/pretrained/lstm_irm.md`; 7,000 steps are an hour and a half on one
shared core.

    tfse-train --config=configs/lstm_irm.py --data_dir=prepared --run_dir=runs/lstm_irm
"""

from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.losses import LossConfig
from tfse.models import LSTMIRMConfig
from tfse.training import ExperimentConfig, TrainConfig


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return ExperimentConfig(
        model=LSTMIRMConfig(),
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
