"""Settings of an experiment: the model, the data, the loss and the training."""

# No `from __future__ import annotations` here: config flags read the types of
# the dataclass fields, and would find strings.
import dataclasses
from typing import Any

from tfse.data.config import DataConfig
from tfse.errors import ConfigError
from tfse.losses import LossConfig
from tfse.models import ModelConfig

SCHEDULES = ("cosine", "plateau")


@dataclasses.dataclass
class TrainConfig:
    """Settings of the training loop.

    Attributes:
        batch_size: mixtures a step, over all replicas.
        steps: after which training ends.
        validate_every: steps from one validation and checkpoint to the next.
        learning_rate: of Adam, after the warm-up.
        warmup_steps: over which the learning rate rises from zero.
        schedule: "plateau" lowers the learning rate when the validation loss
            stays; "cosine" holds it for half of `steps`, then lets it fall to
            zero along a cosine.
        plateau_factor: by which a plateau scales the learning rate.
        plateau_patience: validations without a better loss that make a plateau.
        early_stopping_patience: validations without a better loss that end
            the training; 0 for never.
        clip_norm: largest global norm of the gradient.
        statistics_batches: batches from which the mean and deviation of the
            features are measured, for models that standardize.
        tensorboard_clips: validation mixtures shown in TensorBoard.
        seed: of the initial weights.
    """

    batch_size: int = 16
    steps: int = 50_000
    validate_every: int = 500
    learning_rate: float = 1e-3
    warmup_steps: int = 200
    schedule: str = "plateau"
    plateau_factor: float = 0.5
    plateau_patience: int = 4
    early_stopping_patience: int = 12
    clip_norm: float = 5.0
    statistics_batches: int = 50
    tensorboard_clips: int = 4
    seed: int = 0


@dataclasses.dataclass
class ExperimentConfig:
    """All that makes a training run what it is.

    Attributes:
        model: settings of the model; its type says which.
        data: how mixtures are made.
        loss: weights of the losses.
        train: settings of the loop.
    """

    model: ModelConfig
    data: DataConfig = dataclasses.field(default_factory=DataConfig)
    loss: LossConfig = dataclasses.field(default_factory=LossConfig)
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)

    def validate(self) -> None:
        """Checks the rules that settings must keep among themselves.

        Raises:
            ConfigError: names the first rule that is broken.
        """
        self.data.validate()
        if self.data.sample_rate != self.model.sample_rate:
            raise ConfigError(
                "`data.sample_rate` must equal `model.sample_rate`; received "
                f"{self.data.sample_rate} and {self.model.sample_rate} Hz."
            )
        if self.train.schedule not in SCHEDULES:
            raise ConfigError(
                f"`train.schedule` must be one of {SCHEDULES}; received {self.train.schedule!r}."
            )
        for name in ("batch_size", "steps", "validate_every", "learning_rate", "clip_norm"):
            if not getattr(self.train, name) > 0:
                raise ConfigError(
                    f"`train.{name}` must be above 0; received {getattr(self.train, name)}."
                )

    def as_dict(self) -> dict[str, Any]:
        """Returns the settings as nested dicts of plain values, the model's type too."""
        settings = dataclasses.asdict(self)
        settings["model"]["type"] = type(self.model).__name__
        return settings
