"""Transformer-IRM: four blocks of causal attention over one second estimate the ratio mask.

Paper: features and target of `lstm_irm`; attention of Vaswani et al., NeurIPS 2017, over the last
64 frames; feed-forward of Ren et al., "FastSpeech", NeurIPS 2019, causal.
Data, loss and training: `tfse.training.recipes.mask_recipe`.
Expect: no weights are shipped.

    tfse-train --config=configs/transformer_irm.py --data_dir=prepared \\
        --run_dir=runs/transformer_irm
"""

from tfse.models import TransformerIRMConfig
from tfse.training import ExperimentConfig
from tfse.training.recipes import mask_recipe


def get_config() -> ExperimentConfig:
    """Returns the experiment."""
    return mask_recipe(TransformerIRMConfig())
