"""Service: what the page can ask for, independent of HTTP."""

from __future__ import annotations

import dataclasses
import pathlib
import secrets
import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tfse.errors import ConfigError
from tfse.streaming.options import EnhanceOptions
from tfse.web.enhancement import Enhancer
from tfse.web.job_queue import Job, JobQueue
from tfse.web.recordings import Recording, Recordings

if TYPE_CHECKING:
    from tfse.streaming.steps.open_step import Model

ENHANCE, WRITE = "enhance", "write"


class Service:
    """Enhances recordings and describes their state to the page.

    Args:
        models: by listed name; the first is preselected.
        engine: runs the models, see `tfse.streaming.open_step`.
        recordings: of the page.
        jobs: the queue of `recordings`.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        engine: str | None,
        recordings: Recordings,
        jobs: JobQueue,
    ) -> None:
        self.models = models
        self.recordings = recordings
        self._jobs = jobs
        self._enhancer = Enhancer(models, engine)

    def enhance(self, recording: Recording, model: object) -> None:
        """Queues the run of a model on a recording.

        Raises:
            ConfigError: the model is not listed.
        """
        if not isinstance(model, str) or model not in self.models:
            raise ConfigError(f"`model` must be one of {list(self.models)}; received {model!r}.")
        folder = recording.folder / secrets.token_urlsafe(6)

        def work(job: Job) -> None:
            try:
                enhanced = self._enhancer.enhance(recording.source, folder, model, job)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            earlier, recording.enhanced = recording.enhanced, enhanced
            recording.result = None
            if earlier is not None:
                shutil.rmtree(earlier.folder, ignore_errors=True)

        self.recordings.start(recording, Job(recording.key, ENHANCE, work))

    def write(self, recording: Recording, mix: object, max_attenuation_db: object) -> None:
        """Queues the writing of the result file.

        Raises:
            ConfigError: a setting is out of range, or no model has run.
        """
        options = EnhanceOptions(
            mix=_number("mix", mix),
            max_attenuation_db=(
                None
                if max_attenuation_db is None
                else _number("max_attenuation_db", max_attenuation_db)
            ),
        )
        enhanced = recording.enhanced
        if enhanced is None:
            raise ConfigError("the recording is not enhanced yet.")

        def work(job: Job) -> None:
            recording.result = self._enhancer.write(enhanced, options, job)

        self.recordings.start(recording, Job(recording.key, WRITE, work))

    def state(self, recording: Recording) -> dict[str, Any]:
        """Returns the state of a recording for the page."""
        enhanced, job = recording.enhanced, recording.job
        return {
            "name": recording.name,
            "job": None if job is None else self._job_state(job),
            "enhanced": None
            if enhanced is None
            else {
                "model": enhanced.model,
                "run": enhanced.folder.name,
                "notes": enhanced.notes,
                "top_hz": enhanced.top_hz,
                **dataclasses.asdict(enhanced.layout),
            },
            "notes": () if recording.result is None else recording.result.notes,
        }

    def _job_state(self, job: Job) -> dict[str, Any]:
        return {
            "kind": job.kind,
            "state": job.state.value,
            "ahead": self._jobs.ahead(job),
            "done_s": job.done_s,
            "total_s": job.total_s,
            "error": job.error,
        }


def listed(models: list[str], default: str) -> dict[str, str]:
    """Returns the models by listed name, the default first; a path is listed by its file name.

    Example:
        >>> list(listed(["dpcrn_medium", "dpcrn_small"], "runs/mine.keras"))
        ['mine.keras', 'dpcrn_medium', 'dpcrn_small']
    """
    name = default if default in models else pathlib.PurePath(default).name or default
    return {name: default, **{each: each for each in models if each != name}}


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(f"`{name}` must be a number; received {value!r}.")
    return float(value)
