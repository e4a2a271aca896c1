"""Recipes: settings of data, loss and training that several configs share.

A config names its model and what differs from a recipe, so that the difference between two
configs is all that their files hold. `docs/recipes.md` has what each choice brings.
"""

# No `from __future__ import annotations` here: config flags read the types of
# the dataclass fields, and would find strings.
from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.losses import LossConfig
from tfse.models import ModelConfig
from tfse.training.config import ExperimentConfig, TrainConfig


def waveform_recipe(
    model: ModelConfig, *, steps: int, validate_every: int, checkpoint_every: int
) -> ExperimentConfig:
    """Returns the recipe of models that are trained on their waveform.

    Data: 3 s mixtures at -5 to 20 dB and -60 to -5 dBFS, half of them in a room; speakers
    in proportion to the square root of how long they speak; speeds, equalizers, second,
    Gaussian and synthetic noises, second talkers, whispers, held sounds, band limits,
    clipping, companding, noise without speech; half of the crops begin with another mixture or
    with silence.

    Loss: negative SNR + log spectral MSE as in the DPCRN paper, + 50 times the compressed
    spectrum MSE, which is sensitive to quiet bins, + 4 times the disturbance of loudness of
    P.862 (PESQ) and 5 times the negative ESTOI. Those two are sensitive to neither level nor
    phase, so the others stay.

    Training: Muon 3e-3, cosine, batches of 4, averaged weights.

    Args:
        model: the model.
        steps: of the whole training.
        validate_every: steps.
        checkpoint_every: steps.
    """
    return ExperimentConfig(
        model=model,
        data=_mixtures(),
        loss=LossConfig(
            negative_snr=1.0,
            log_spectral_mse=1.0,
            compressed_spectrum_mse=50.0,
            loudness_disturbance=4.0,
            negative_estoi=5.0,
        ),
        train=_training(steps, validate_every, checkpoint_every),
    )


def mask_recipe(model: ModelConfig) -> ExperimentConfig:
    """Returns the recipe of models that are trained on their mask.

    Data and training: those of `waveform_recipe`, 20,000 steps.

    Loss: mask MSE, + twice the compressed spectrum MSE + 0.03 times negative SI-SDR, which let
    the mask serve the waveform that it will be used for, + 0.12 times the disturbance of
    loudness of P.862 and 0.15 times the negative ESTOI.
    """
    return ExperimentConfig(
        model=model,
        data=_mixtures(),
        loss=LossConfig(
            mask_mse=1.0,
            compressed_spectrum_mse=2.0,
            negative_si_sdr=0.03,
            loudness_disturbance=0.12,
            negative_estoi=0.15,
        ),
        train=_training(steps=20_000, validate_every=1_000, checkpoint_every=200),
    )


def _mixtures() -> DataConfig:
    return DataConfig(
        segment_s=3.0,
        level_dbfs_min=-60.0,
        level_dbfs_max=-5.0,
        reverb_probability=0.5,
        speaker_balance=0.5,
        babble_probability=0.15,
        augmentation=AugmentationConfig(
            speed_probability=0.8,
            speech_speed_max=1.35,
            noise_speed_max=1.8,
            whisper_probability=0.02,
            held_sound_probability=0.04,
            equalizer_probability=0.8,
            equalizer_db=10.0,
            second_noise_probability=0.5,
            coloured_probability=0.1,
            synthetic_probability=0.2,
            speechless_probability=0.02,
            band_limit_probability=0.05,
            clip_probability=0.03,
            companding_probability=0.02,
            second_talker_probability=0.15,
            splice_probability=0.5,
            splice_silence_probability=0.2,
        ),
    )


def _training(steps: int, validate_every: int, checkpoint_every: int) -> TrainConfig:
    return TrainConfig(
        batch_size=4,
        steps=steps,
        validate_every=validate_every,
        checkpoint_every=checkpoint_every,
        optimizer="muon",
        learning_rate=3e-3,
        schedule="cosine",
        early_stopping_patience=0,
        clip_quantile=0.9,
        ema_decay=0.999,
    )
