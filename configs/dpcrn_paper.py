"""DPCRN as published: 804,646 parameters, 16 kHz, frames of 25 ms every 12.5 ms.

Paper: Le, Chen, Chen and Lu, "DPCRN: Dual-path convolution recurrent network for
single channel speech enhancement", Interspeech 2021. Every size is the paper's;
the gates are plain sigmoids, which cuDNN runs.
Data: any corpus that `tfse-prepare` has prepared; on-the-fly mixtures at -5 to
20 dB, 30 % of them in a room.
Loss: the paper's, negative SNR + log spectral MSE.
Expect: no weights of it are shipped: a core trains it at about 3 s of audio a second, so
it wants a GPU. `dpcrn_large.py` has its filters and units, on fewer bins.

    tfse-train --config=configs/dpcrn_paper.py --data_dir=prepared --run_dir=runs/dpcrn_paper
"""

from tfse.data.config import DataConfig
from tfse.losses import LossConfig
from tfse.models import DPCRNConfig
from tfse.training import ExperimentConfig, TrainConfig


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return ExperimentConfig(
        model=DPCRNConfig(name="dpcrn_paper"),
        data=DataConfig(segment_s=4.0),
        loss=LossConfig(negative_snr=1.0, log_spectral_mse=1.0),
        train=TrainConfig(batch_size=8, steps=200_000, validate_every=2_000),
    )
