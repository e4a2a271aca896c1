"""Scoring: the metrics of one recording with its systems, or its faults."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tfse import metrics
from tfse.errors import AudioError
from tfse.evaluation.results import Row, faulty
from tfse.evaluation.run.onnx_scorers import Scorer
from tfse.evaluation.sources.recordings import Missing, Origin, Recording, Sound, read
from tfse.evaluation.sources.systems import NOISY
from tfse.metrics import MetricNotApplicable, MetricUndefined, PairResult
from tfse.metrics.registry import REAL_TIME_FACTOR
from tfse.metrics.validation import validate
from tfse.streaming.recording_enhancer import RecordingEnhancer
from tfse.streaming.steps.base import Step
from tfse.types import Samples

# Samples of at least this magnitude are clipped; the largest 16-bit sample is 0.99997.
_FULL_SCALE = 0.9999
# Block length of enhancement, so that memory does not grow with the recording.
_BLOCK_S = 10.0


@dataclasses.dataclass(frozen=True)
class Tools:
    """Models and scorers of a process, each loaded once.

    Attributes:
        steps: models by the label of their system.
        scorers: ONNX scorers.
    """

    steps: Mapping[str, Step]
    scorers: Sequence[Scorer] = ()


def measure(recording: Recording, systems: Sequence[str], tools: Tools) -> Iterator[Row]:
    """Yields a row for each system, in order; a fault is a row too."""
    sounds = _Sounds(recording, tools)
    for system in systems:
        try:
            yield _row(sounds, system)
        except AudioError as error:
            yield faulty(recording, system, str(error))
        except Exception as error:
            # Decoders, models and metrics may fail on unforeseen content, which must not end
            # the evaluation of other recordings.
            text = " ".join(str(error).split())
            yield faulty(recording, system, f"{type(error).__name__}: {text}")


def sounds_of(recording: Recording, systems: Sequence[str], tools: Tools) -> dict[str, Sound]:
    """Returns the available sounds of the reference, as `clean`, and of each system."""
    sounds = _Sounds(recording, tools)
    found = {}
    with contextlib.suppress(AudioError):
        found["clean"] = sounds.reference()
    for system in systems:
        with contextlib.suppress(AudioError):
            found[system] = sounds.estimate(system)[0]
    return found


class _Sounds:
    """Sounds of a recording, each read once."""

    def __init__(self, recording: Recording, tools: Tools) -> None:
        self.recording = recording
        self.tools = tools
        self._sounds: dict[str, Sound | str] = {}

    def reference(self) -> Sound:
        return self._read("the reference", self.recording.reference)

    def noisy(self) -> Sound:
        missing = Missing("there is none")
        return self._read("the noisy recording", self.recording.noisy or missing)

    def estimate(self, system: str) -> tuple[Sound, float | None]:
        """Returns the sound of a system, with the real-time factor of a model."""
        if system == NOISY:
            return self.noisy(), None
        if system in self.tools.steps:
            noisy = self.noisy()
            # Not wall-clock time, which depends on other processes.
            began = time.process_time()
            sound = enhanced(noisy, self.tools.steps[system])
            return sound, (time.process_time() - began) / noisy.seconds
        missing = Missing("there is none")
        return self._read("the estimate", self.recording.estimates.get(system, missing)), None

    def _read(self, name: str, origin: Origin) -> Sound:
        # Estimates differ between systems and are not kept.
        kept = self._sounds.get(name) if name != "the estimate" else None
        if kept is None:
            try:
                kept = read(origin)
            except AudioError as error:
                kept = f"{name}: {error}"
            self._sounds[name] = kept
        if isinstance(kept, str):
            raise AudioError(kept)
        return kept


def enhanced(noisy: Sound, step: Step) -> Sound:
    """Returns a recording enhanced by a model, time-aligned and of the same length.

    Raises:
        AudioError: a sample is not finite.
    """
    enhancer = RecordingEnhancer(step, noisy.sample_rate, 1)
    size = round(_BLOCK_S * noisy.sample_rate)
    samples = noisy.samples[:, np.newaxis]
    parts = [enhancer.process(samples[at : at + size]) for at in range(0, len(samples), size)]
    parts.append(enhancer.finish())
    return Sound(np.concatenate([part.enhanced for part in parts])[:, 0], noisy.sample_rate)


def _row(sounds: _Sounds, system: str) -> Row:
    recording = sounds.recording
    reference = sounds.reference()
    estimate, real_time_factor = sounds.estimate(system)
    row = faulty(recording, system, _unusable(reference, estimate))
    row = dataclasses.replace(row, seconds=estimate.seconds, sample_rate=estimate.sample_rate)
    if row.fault:
        return row
    noisy = _noisy_samples(sounds, reference) if system != NOISY else None
    result = metrics.evaluate_pair(
        reference.samples, estimate.samples, reference.sample_rate, noisy
    )
    _add_clipping(result, estimate.samples)
    _add_scores(result, sounds.tools.scorers, estimate)
    if real_time_factor is not None:
        result.values[REAL_TIME_FACTOR] = real_time_factor
    return dataclasses.replace(
        row,
        values=result.values,
        reasons=result.reasons,
        limits=tuple(sorted(result.limits)),
        fault=_incomparable(reference, estimate),
    )


def _unusable(reference: Sound, estimate: Sound) -> str:
    if reference.sample_rate != estimate.sample_rate:
        return (
            "reference and estimate must have one sample rate; received "
            f"{reference.sample_rate} and {estimate.sample_rate} Hz."
        )
    if len(reference.samples) != len(estimate.samples):
        return (
            "reference and estimate must have the same length; received "
            f"{len(reference.samples)} and {len(estimate.samples)} samples."
        )
    return _constant("reference", reference) or _constant("estimate", estimate)


def _constant(name: str, sound: Sound) -> str:
    # PESQ returns a value for a constant, which would distort the mean.
    first = sound.samples[0]
    if first and np.all(sound.samples == first):
        return f"the {name} must not be constant; all {len(sound.samples)} samples are {first:g}."
    return ""


def _incomparable(reference: Sound, estimate: Sound) -> str:
    try:
        validate(reference.samples, estimate.samples)
    except MetricUndefined as error:
        return str(error)
    return ""


def _noisy_samples(sounds: _Sounds, reference: Sound) -> Samples | None:
    """Returns the samples for improvements, None if noisy has a fault, which its own row has."""
    try:
        noisy = sounds.noisy()
    except AudioError:
        return None
    return noisy.samples if noisy.sample_rate == reference.sample_rate else None


def _add_clipping(result: PairResult, estimate: Samples) -> None:
    # Also if samples are not finite: the comparison is false for NaN.
    result.values["share_of_clipped"] = float(np.mean(np.abs(estimate) >= _FULL_SCALE))


def _add_scores(result: PairResult, scorers: Sequence[Scorer], estimate: Sound) -> None:
    for scorer in scorers:
        try:
            result.values.update(scorer(estimate))
        except MetricUndefined as error:
            result.reasons.update(dict.fromkeys(scorer.names, str(error)))
            if isinstance(error, MetricNotApplicable):
                result.limits.update(scorer.names)
