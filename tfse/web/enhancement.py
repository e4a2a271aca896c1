"""Enhancement of one recording: the model runs once, results are mixed from its output."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tfse.web.file_names import safe_suffix
from tfse.web.job_queue import Job
from tfse.web.sound_pair import PairLayout, SoundPair
from tfse.web.spectrogram_pair import SpectrogramPair

if TYPE_CHECKING:
    from tfse.streaming.options import EnhanceOptions
    from tfse.streaming.steps.base import Step
    from tfse.streaming.steps.open_step import Model

_OUTPUT, _SOUND, _RESULT = "output.f32", "sound.pcm", "enhanced"


@dataclasses.dataclass(frozen=True)
class Enhanced:
    """Recording whose model has run.

    Attributes:
        source: the recording.
        folder: of its files.
        model: name of the model, as listed.
        step: the model.
        layout: of `sound`.
        spectrograms: before, after and between.
        notes: one line per fault that was worked around, or loss.
    """

    source: pathlib.Path
    folder: pathlib.Path
    model: str
    step: Step
    layout: PairLayout
    spectrograms: SpectrogramPair
    notes: tuple[str, ...]

    @property
    def top_hz(self) -> float:
        """Highest frequency of the spectrograms."""
        return self.spectrograms.sample_rate / 2

    @property
    def sound(self) -> pathlib.Path:
        """File of the sound pair."""
        return self.folder / _SOUND


@dataclasses.dataclass(frozen=True)
class Result:
    """Result file in the format of the recording.

    Attributes:
        path: of the file.
        notes: one line per fault that was worked around, or loss.
    """

    path: pathlib.Path
    notes: tuple[str, ...]


class Enhancer:
    """Runs models on recordings, one at a time.

    Args:
        models: by listed name.
        engine: runs them, see `tfse.streaming.open_step`.
    """

    def __init__(self, models: Mapping[str, Model], engine: str | None) -> None:
        self._engine = engine
        self._models = models
        self._opened: tuple[str, Step] | None = None

    def enhance(self, source: pathlib.Path, folder: pathlib.Path, model: str, job: Job) -> Enhanced:
        """Runs a model and stores its output in a new folder.

        Raises:
            AudioError: the recording cannot be used.
            ModelError: the model cannot be loaded.
            OSError: the disk is full.
        """
        from tfse.streaming.enhance_source import enhance_source
        from tfse.streaming.open_recording import open_recording
        from tfse.streaming.options import EnhanceOptions
        from tfse.web.recorded_step import RecordedStep

        with contextlib.ExitStack() as stack:
            # Before the model is loaded: errors of the file are shown at once.
            audio = stack.enter_context(open_recording(source, "raise"))
            step = self._open(model)
            job.check()
            folder.mkdir()
            output = stack.enter_context((folder / _OUTPUT).open("wb"))
            sound = stack.enter_context((folder / _SOUND).open("wb"))
            pair = SoundPair(sound, audio.layout.sample_rate, audio.layout.channels)
            pictures = SpectrogramPair(audio.layout.sample_rate)
            job.total_s = audio.duration_s
            summary = enhance_source(
                audio,
                RecordedStep(step, output),
                EnhanceOptions(),
                [pair.add, pictures.add],
                job.advance,
            )
            layout = pair.finish()
            pictures.finish()
            notes = (*summary.notes, *audio.remarks)
            return Enhanced(source, folder, model, step, layout, pictures, notes)

    def write(self, enhanced: Enhanced, options: EnhanceOptions, job: Job) -> Result:
        """Writes the result file; equals that of `tfse.enhance_file` with these options.

        Raises:
            AudioError: the format cannot be written.
            OSError: the disk is full.
        """
        from tfse.streaming.file_enhancement import enhance_to
        from tfse.streaming.options import Targets
        from tfse.web.recorded_step import ReplayedStep

        job.total_s = enhanced.layout.samples / enhanced.layout.sample_rate
        suffix = safe_suffix(enhanced.source.name)
        target = enhanced.folder / f"{_RESULT}{suffix}"
        step = ReplayedStep(enhanced.folder / _OUTPUT, enhanced.step)
        summary = enhance_to(
            enhanced.source, Targets(target), step, options, job.advance, overwrite=True
        )
        return Result(target, summary.notes)

    def _open(self, model: str) -> Step:
        from tfse.streaming.steps.open_step import open_step

        if self._opened is None or self._opened[0] != model:
            self._opened = model, open_step(self._models[model], engine=self._engine)
        return self._opened[1]
