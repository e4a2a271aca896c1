"""Teacher of a training: a second target besides the clean speech."""

from __future__ import annotations

from tfse.losses import Distillation, EnhancementLoss
from tfse.models import EnhancementModel, load
from tfse.training.config import TrainConfig


def with_teacher(
    loss: EnhancementLoss, config: TrainConfig, model: EnhancementModel
) -> EnhancementLoss:
    """Returns the loss of the training: with the config's teacher, if it has one.

    Args:
        loss: loss against clean speech, which is that of validation.
        config: provides the teacher and its weight.
        model: the model that is trained.

    Raises:
        ConfigError: the teacher has another sample rate.
        ModelError: there is no such teacher.
    """
    if not config.teacher:
        return loss
    return Distillation(loss, load(config.teacher), config.teacher_weight, model.sample_rate)
