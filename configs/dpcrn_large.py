"""DPCRN with the paper's filters and units: 787,913 values, frames of 32 ms every 16 ms.

Paper: Le, Chen, Chen and Lu, "DPCRN: Dual-path convolution recurrent network for
single channel speech enhancement", Interspeech 2021. Filters, kernels and units are
the paper's; transform, input, strides and mask are those of `dpcrn_small.py`, so that it
can be widened from that: a third stage with stride, so that 32 bins reach the LSTMs
instead of 50, which halves the cost; the log power of every bin as a third input; a
mask of a bounded magnitude and a phase rotation. `dpcrn_paper.py` is the paper's own.
Data: any corpus that `tfse-prepare` has prepared, with rooms of `tfse-simulate-rooms`
where it has few; 3 s mixtures at -5 to 20 dB, 30 % of them in a room, at -60 to -5
dBFS; speakers share them by the root of how long they speak; speeds, colours, second,
Gaussian and synthetic noises, band limits, clipping, companding and noise without speech
vary them.
Loss: the paper's negative SNR + log spectral MSE, + 50 times the compressed spectrum
MSE, which is sensitive to quiet bins, + 4 times the disturbance of loudness of P.862
(PESQ) and 5 times the negative ESTOI. Those two are sensitive to neither level nor phase,
so the others stay.
Expect: the shipped weights have PESQ +0.554, STOI +0.045 and SI-SDR +5.68 dB on the test
mixtures of `tfse/pretrained/dpcrn_large.md`. They are of 2,300 steps of Adam 1e-3 at levels of
-35 to -15 dBFS without synthetic noise; the settings below learn more in equal time
(`docs/recipes.md`). Widened from a small model it begins where that one ends:

    tfse-train --config=configs/dpcrn_large.py --data_dir=prepared --run_dir=runs/dpcrn_large \\
        --init_from=dpcrn_small --widen
"""

from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.losses import LossConfig
from tfse.models import DPCRNConfig
from tfse.training import ExperimentConfig, TrainConfig


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return ExperimentConfig(
        model=DPCRNConfig(
            name="dpcrn_large",
            frame_length=512,
            hop_length=256,
            fft_length=512,
            log_power_input=True,
            mask="polar",
            filters=(32, 32, 32, 64, 128),
            strides=(2, 2, 2, 1, 1),
            paddings=((0, 2), (0, 1), (0, 1), (1, 1), (1, 1)),
            frequency_units=64,
            time_units=128,
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
            steps=20_000,
            validate_every=1000,
            checkpoint_every=100,
            optimizer="muon",
            learning_rate=3e-3,
            schedule="cosine",
            early_stopping_patience=0,
            clip_quantile=0.9,
            ema_decay=0.999,
        ),
    )
