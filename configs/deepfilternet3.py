"""DeepFilterNet3: 48 kHz, 2.1 M parameters, 330 M multiply-accumulates per second, 40 ms.

Paper: Schroeter, Rosenkranz, Escalante-B. and Maier, "DeepFilterNet: Perceptually motivated
real-time speech enhancement", Interspeech 2023, arXiv 2305.08227. `tfse-import` reads the
published weights; this config trains new ones, by the recipe of this project.
Data: full-band recordings, prepared at the rate of the model. Loss: that of
`tfse.training.recipes.waveform_recipe` without the disturbance of loudness, which is defined
at 16 kHz. The local SNR is not trained.
Not yet trained here.

    tfse-prepare --sample_rate=48000 --clean_dir=speech --noise_dir=noise \\
        --output_dir=prepared48
    tfse-train --config=configs/deepfilternet3.py --data_dir=prepared48 \\
        --run_dir=runs/deepfilternet3

Another rate is a setting of both, model and data: `--config.model.sample_rate=16000
--config.data.sample_rate=16000`, with lengths of the transform for it.
"""

import dataclasses

from tfse.models import DeepFilterNet3Config
from tfse.training import ExperimentConfig
from tfse.training.recipes import waveform_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    model = DeepFilterNet3Config()
    recipe = waveform_recipe(model, steps=100_000, validate_every=2_000, checkpoint_every=200)
    return dataclasses.replace(
        recipe,
        data=dataclasses.replace(recipe.data, sample_rate=model.sample_rate),
        loss=dataclasses.replace(recipe.loss, loudness_disturbance=0.0),
    )
