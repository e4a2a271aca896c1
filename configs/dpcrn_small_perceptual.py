"""`dpcrn_small` trained by what listeners hear: `stoi + pesq`, beside the waveform's SNR.

Papers: Martin-Donas et al., "A deep learning loss function based on the perceptual
evaluation of the speech quality", IEEE SPL 2018; Taal et al., "An algorithm for
intelligibility prediction of time-frequency weighted noisy speech", IEEE TASL 2011.
Data: as for `dpcrn_small.py`.
Loss: negative SNR + 50 times the compressed spectrum MSE + 3 times the disturbance of
loudness of P.862 + 20 times the negative STOI. The last two hear neither level nor phase,
so the first two stay; the log spectral MSE goes, whose gradient by the weights of the
shipped `dpcrn_small` is that of the SNR (cosine 0.98). There the norms of the gradients of
the four terms are 29, 3, 20 and 9.
Expect: no weights are shipped; a step costs 6 % more CPU time than one of `dpcrn_small.py`.

    tfse-train --config=configs/dpcrn_small_perceptual.py --data_dir=prepared \
        --run_dir=runs/dpcrn_small_perceptual
"""

from tfse.data.config import DataConfig
from tfse.losses import LossConfig
from tfse.models import DPCRNConfig
from tfse.training import ExperimentConfig, TrainConfig


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return ExperimentConfig(
        model=DPCRNConfig(
            name="dpcrn_small_perceptual",
            frame_length=512,
            hop_length=256,
            fft_length=512,
            filters=(16, 24, 32, 32, 48),
            strides=(2, 2, 2, 1, 1),
            paddings=((0, 2), (0, 1), (0, 1), (1, 1), (1, 1)),
            frequency_units=20,
            time_units=40,
        ),
        data=DataConfig(segment_s=3.0, speaker_balance=0.5),
        loss=LossConfig(
            negative_snr=1.0,
            compressed_spectrum_mse=50.0,
            loudness_disturbance=3.0,
            negative_stoi=20.0,
        ),
        train=TrainConfig(
            batch_size=4,
            steps=8_000,
            validate_every=500,
            schedule="cosine",
            early_stopping_patience=0,
        ),
    )
