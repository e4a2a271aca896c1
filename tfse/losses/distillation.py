"""Distillation: a loss against clean speech and against the output of a teacher."""

from __future__ import annotations

from keras import ops

from tfse.errors import ConfigError
from tfse.losses.base import EnhancementLoss, Tensors
from tfse.models import EnhancementModel, enhance_aligned
from tfse.types import Tensor


class Distillation(EnhancementLoss):
    """Weighted mean of a loss against clean speech and against the output of a teacher.

        (1 - weight) loss(clean, enhanced) + weight loss(teacher(noisy), enhanced)

    The noise beside the teacher's output is `noisy - teacher(noisy)`. Where the clean speech is
    digital silence, the target stays silence: losses that are normalized by the level of their
    target would reward residual noise. The teacher receives no gradient.

    Args:
        loss: loss of the model that is trained, the student.
        teacher: a better model, of any hop and latency; its weights become untrainable, so
            that no gradient is recorded for them.
        weight: share of the teacher, in (0, 1].
        sample_rate: rate of the student, in Hz.

    Attributes:
        teacher: the teacher.

    Raises:
        ConfigError: the teacher has another sample rate.

    Source:
        Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", arXiv
        1503.02531, 2015, for the mean of both objectives; with waveforms in place of classes.
    """

    def __init__(
        self,
        loss: EnhancementLoss,
        teacher: EnhancementModel,
        weight: float,
        sample_rate: int,
        name: str = "distillation",
    ) -> None:
        super().__init__(name=name)
        if teacher.sample_rate != sample_rate:
            raise ConfigError(
                f"`train.teacher` must be at {sample_rate} Hz, the rate of the model; "
                f"{teacher.name!r} is at {teacher.sample_rate} Hz."
            )
        teacher.trainable = False
        self._loss = loss
        self.teacher = teacher
        self._weight = weight

    def call(self, targets: Tensors, outputs: Tensors) -> Tensor:
        """Compares `outputs` with the clean speech and with the teacher's output."""
        noisy = targets["noisy"]
        speech = ops.stop_gradient(self._enhanced(noisy))
        has_speech = ops.any(targets["clean"] != 0, axis=1, keepdims=True)
        speech = ops.where(has_speech, speech, ops.zeros_like(speech))
        imitated = {**targets, "clean": speech, "noise": noisy - speech}
        from_teacher = self._weight * self._loss(imitated, outputs)
        if self._weight == 1:
            return from_teacher
        return (1 - self._weight) * self._loss(targets, outputs) + from_teacher

    def _enhanced(self, noisy: Tensor) -> Tensor:
        teacher = self.teacher

        def run(padded: Tensor) -> Tensor:
            return teacher(padded, training=False)

        return enhance_aligned(run, noisy, teacher.latency_samples, teacher.hop_length)
