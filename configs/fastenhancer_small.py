"""FastEnhancer small: 196,000 parameters, 668 M multiply-accumulates per second, 32 ms frames.

Paper: Ahn et al., "FastEnhancer: Speed-optimized streaming neural speech enhancement",
ICASSP 2026, arXiv 2509.21867. Two things are not the paper's, since they learn more in equal
time (`docs/recipes.md`): the log power of every bin as a third input, and a mask of a bounded
magnitude and a phase rotation. And a constant offset is subtracted from the waveform.
Data: any corpus that `tfse-prepare` has prepared, with rooms of `tfse-simulate-rooms`; 3 s
mixtures at -5 to 20 dB, 30 % of them in a room, at -60 to -5 dBFS.
Loss: negative SNR up to 30 dB, log spectral MSE and compressed spectrum MSE as in
`dpcrn_medium.py`, with the disturbance of loudness of P.862 (PESQ) and the negative ESTOI.

    tfse-train --config=configs/fastenhancer_small.py --data_dir=prepared \\
        --run_dir=runs/fastenhancer_small
"""

from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.losses import LossConfig
from tfse.models import FastEnhancerConfig
from tfse.training import ExperimentConfig, TrainConfig


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return ExperimentConfig(
        model=FastEnhancerConfig(
            name="fastenhancer_small",
            log_power_input=True,
            mask="polar",
            dc_time_s=0.5,
            channels=64,
            kernel_sizes=(8, 3, 3, 3),
            block_channels=48,
            bands=36,
        ),
        data=DataConfig(
            segment_s=3.0,
            level_dbfs_min=-60.0,
            level_dbfs_max=-5.0,
            speaker_balance=0.5,
            babble_probability=0.15,
            augmentation=AugmentationConfig(
                speed_probability=0.8,
                speech_speed_max=1.2,
                noise_speed_max=1.8,
                equalizer_probability=0.8,
                equalizer_db=10.0,
                second_noise_probability=0.5,
                coloured_probability=0.1,
                synthetic_probability=0.2,
                speechless_probability=0.02,
                band_limit_probability=0.05,
                clip_probability=0.03,
                companding_probability=0.02,
            ),
        ),
        loss=LossConfig(
            negative_snr=1.0,
            log_spectral_mse=1.0,
            compressed_spectrum_mse=50.0,
            loudness_disturbance=4.0,
            negative_estoi=5.0,
        ),
        train=TrainConfig(
            batch_size=4,
            steps=100_000,
            validate_every=2_000,
            checkpoint_every=200,
            optimizer="muon",
            learning_rate=3e-3,
            schedule="cosine",
            early_stopping_patience=0,
            clip_quantile=0.9,
            ema_decay=0.999,
        ),
    )
