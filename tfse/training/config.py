"""Settings of an experiment: model, data, loss and training."""

# No `from __future__ import annotations` here: config flags read the types of
# the dataclass fields, and would find strings.
import dataclasses
from typing import Any

from tfse.data.config import DataConfig
from tfse.errors import ConfigError
from tfse.losses import LossConfig
from tfse.models import ModelConfig

SCHEDULES = ("constant", "cosine", "plateau")
OPTIMIZERS = ("adam", "adamw", "muon")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclasses.dataclass
class TrainConfig:
    """Settings of the training loop.

    Attributes:
        batch_size: mixtures per batch, over all replicas and machines.
        accumulation_steps: batches whose gradients make one step; k of B are the
            same mathematics as one of k B, except for batch normalization.
        steps: steps of the training.
        validate_every: steps from one validation to the next.
        checkpoint_every: steps from one checkpoint to the next, besides those at
            every validation; 0 for validations only.
        precision: "float32"; "mixed_bfloat16" or "mixed_float16" compute the
            layers in half precision, but keep weights, transforms, statistics
            of normalizations and losses in float32.
        jit_compile: compiles the step with XLA.
        optimizer: "adam"; "adamw", Adam with decoupled weight decay; or "muon", see
            `tfse.training.muon.Muon`: Muon for all kernels but the first and the last,
            Adam for the rest.
        learning_rate: learning rate after the warm-up.
        weight_decay: weight decay of kernels, as a share of the learning rate; "adamw"
            and "muon" only.
        muon_momentum: momentum of the matrices.
        adam_ratio: learning rate of the variables that Muon leaves to Adam, as a share of
            `learning_rate`.
        warmup_steps: steps over which the learning rate rises from zero.
        schedule: "plateau" lowers the learning rate when the validation loss no longer
            improves; "cosine" holds it for half of `steps`, then decays it to zero
            along a cosine; "constant" keeps it.
        plateau_factor: factor on the learning rate at a plateau.
        plateau_patience: validations without a better loss that make a plateau.
        early_stopping_patience: validations without a better loss that end
            the training; 0 for never.
        clip_norm: largest global norm of the gradient.
        clip_quantile: in place of `clip_norm`, limits the norm to this quantile of the
            norms of the last 200 steps; 0 for the fixed `clip_norm`.
        ema_decay: decay of the exponential moving average of the weights, which is
            then validated and saved; 0 for none.
        teacher: `.keras` file or name of a shipped model whose output is a second target of
            the training, see `tfse.losses.Distillation`; empty for none.
        teacher_weight: share of the loss against the teacher's output, in (0, 1].
        max_bad_steps: steps in a row without a finite loss and gradient after
            which the training stops; none of them is applied.
        statistics_batches: steps from whose batches the mean and standard deviation of
            the features are measured, for models that standardize.
        tensorboard_clips: validation mixtures shown in TensorBoard.
        seed: seed of the initial weights.
    """

    batch_size: int = 16
    accumulation_steps: int = 1
    steps: int = 50_000
    validate_every: int = 500
    checkpoint_every: int = 0
    precision: str = "float32"
    jit_compile: bool = False
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    muon_momentum: float = 0.95
    adam_ratio: float = 1.0 / 3.0
    warmup_steps: int = 200
    schedule: str = "plateau"
    plateau_factor: float = 0.5
    plateau_patience: int = 4
    early_stopping_patience: int = 12
    clip_norm: float = 5.0
    clip_quantile: float = 0.0
    ema_decay: float = 0.0
    teacher: str = ""
    teacher_weight: float = 0.5
    max_bad_steps: int = 10
    statistics_batches: int = 50
    tensorboard_clips: int = 4
    seed: int = 0

    @property
    def mixtures_per_step(self) -> int:
        """Mixtures per step."""
        return self.batch_size * self.accumulation_steps

    def validate(self) -> None:
        """Checks every rule.

        Raises:
            ConfigError: names the first rule that is broken.
        """
        self._check_choice("schedule", SCHEDULES)
        self._check_choice("precision", PRECISIONS)
        self._check_choice("optimizer", OPTIMIZERS)
        above = ("batch_size", "accumulation_steps", "steps", "validate_every", "learning_rate")
        for name in (*above, "clip_norm", "max_bad_steps"):
            if not getattr(self, name) > 0:
                raise ConfigError(
                    f"`train.{name}` must be above 0; received {getattr(self, name)}."
                )
        for name in ("checkpoint_every", "weight_decay", "adam_ratio"):
            if not getattr(self, name) >= 0:
                raise ConfigError(
                    f"`train.{name}` must not be negative; received {getattr(self, name)}."
                )
        for name in ("ema_decay", "clip_quantile", "muon_momentum"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(
                    f"`train.{name}` must lie in [0, 1); received {getattr(self, name)}."
                )
        if not 0 < self.teacher_weight <= 1:
            raise ConfigError(
                f"`train.teacher_weight` must lie in (0, 1]; received {self.teacher_weight}."
            )
        if self.weight_decay and self.optimizer == "adam":
            raise ConfigError(
                "`train.weight_decay` must be 0 with Adam; received "
                f"{self.weight_decay}. Use --config.train.optimizer=adamw."
            )

    def _check_choice(self, name: str, choices: tuple[str, ...]) -> None:
        if getattr(self, name) not in choices:
            raise ConfigError(
                f"`train.{name}` must be one of {choices}; received {getattr(self, name)!r}."
            )


@dataclasses.dataclass
class ExperimentConfig:
    """Settings of a training run.

    Attributes:
        model: settings of the model; their type selects the model.
        data: settings of the mixtures.
        loss: weights of the losses.
        train: settings of the training loop.
    """

    model: ModelConfig
    data: DataConfig = dataclasses.field(default_factory=DataConfig)
    loss: LossConfig = dataclasses.field(default_factory=LossConfig)
    train: TrainConfig = dataclasses.field(default_factory=TrainConfig)

    def validate(self) -> None:
        """Checks every rule within and between the parts.

        Raises:
            ConfigError: names the first rule that is broken.
        """
        self.data.validate()
        if self.data.sample_rate != self.model.sample_rate:
            raise ConfigError(
                "`data.sample_rate` must equal `model.sample_rate`; received "
                f"{self.data.sample_rate} and {self.model.sample_rate} Hz."
            )
        self.train.validate()

    def as_dict(self) -> dict[str, Any]:
        """Returns the settings as nested dicts of plain values, with the type of the model."""
        settings = dataclasses.asdict(self)
        settings["model"]["type"] = type(self.model).__name__
        return settings
