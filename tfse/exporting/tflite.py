"""TFLite exports for devices, one file per number format."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import tempfile
from collections.abc import Mapping, Sequence

import keras
import numpy as np

from tfse.errors import ConfigError, ModelError
from tfse.exporting import inspection, metadata, sensitive_layers, subprocess_tasks
from tfse.exporting.number_formats import CALIBRATED, EIGHT_BITS, FLOAT32, FORMATS
from tfse.exporting.signatures import step_signature
from tfse.exporting.step_runs import trajectories
from tfse.exporting.verification import recordings
from tfse.layers import require_streamable
from tfse.models import EnhancementModel
from tfse.streaming.steps.signature import BLOCK, STEP
from tfse.types import Samples

# Keys of the metadata, and of what the quantization writes.
_SENSITIVE = ("float32_layers", "run_time_layers")


@dataclasses.dataclass(frozen=True)
class Exported:
    """Outcome of the export of one format.

    Attributes:
        number_format: one of `FORMATS`.
        path: path of the file.
        reason: why there is no file, "" if there is one.
        float32_layers: sensitive layers without 8-bit weights, with the output SNR in dB
            that each has alone in 8 bits; see `tfse.exporting.sensitive_layers`.
        run_time_layers: likewise, layers of `int8` whose activations are quantized at run time.
    """

    number_format: str
    path: pathlib.Path
    reason: str = ""
    float32_layers: Mapping[str, float] = dataclasses.field(default_factory=dict)
    run_time_layers: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        """Returns the outcome in one line."""
        kept = _listed("Sensitive layers that stay float32", self.float32_layers)
        ranged = _listed("Layers with ranges of each step", self.run_time_layers)
        return f"{self.path}: {self.reason or 'written.'}{kept}{ranged}"


def _listed(heading: str, layers: Mapping[str, float]) -> str:
    named = ", ".join(f"{name} ({snr:.1f} dB)" for name, snr in layers.items())
    return f" {heading}: {named}." if named else ""


def export_tflite(
    model: EnhancementModel,
    output_dir: str | os.PathLike[str],
    formats: Sequence[str] = FORMATS,
    *,
    frames_per_step: int = 1,
    frames_per_block: int = 0,
    calibration: Sequence[Samples] = (),
) -> list[Exported]:
    """Writes `output_dir/NAME_FORMAT.tflite` for every format.

    A file holds the signature `step`: `noisy` `[1, frames_per_step * hop]` and
    states by name to `enhanced` and next states, in built-in operations without
    loop or variable; `step_block` likewise, if asked for; and metadata. The conversion runs in
    subprocesses: if one dies, that format is missing and the others are written.

    In formats with 8-bit weights, sensitive layers stay float32. They are measured on the
    calibration waveforms, or without any on a synthetic voice at three levels; see
    `tfse.exporting.sensitive_layers`.

    Args:
        model: a model that can stream.
        output_dir: output folder; made if it does not exist.
        formats: some of `FORMATS`.
        frames_per_step: hops per step; more than 1 for hosts that accept the latency.
        frames_per_block: hops of a second signature, `step_block`, with the same weights, for
            whole files; 0 for none. Only without formats of 8 bits.
        calibration: noisy waveforms; the formats with fixed ranges need them.

    Returns:
        Outcome of each format, in order.

    Raises:
        ConfigError: an unknown format, a file that exists, or no calibration
            where a format needs one.
        ModelError: the model cannot stream.
    """
    plan = _plan(model, pathlib.Path(output_dir), formats, frames_per_step)
    _check_block(formats, frames_per_step, frames_per_block)
    if set(formats) & set(CALIBRATED) and not len(calibration):
        raise ConfigError(f"{' and '.join(CALIBRATED)} need a calibration set; received none.")
    require_streamable(model)
    pathlib.Path(output_dir).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output_dir, prefix=".unfinished-") as folder:
        work = _Export(pathlib.Path(folder), model, frames_per_step, frames_per_block, calibration)
        return [work.export(number_format, target) for number_format, target in plan.items()]


def file_name(model_name: str, number_format: str, frames_per_step: int = 1) -> str:
    """Returns the name of an exported file."""
    block = "" if frames_per_step == 1 else f"_{frames_per_step}_frames"
    return f"{model_name}_{number_format}{block}.tflite"


def _plan(
    model: EnhancementModel, output_dir: pathlib.Path, formats: Sequence[str], frames: int
) -> dict[str, pathlib.Path]:
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise ConfigError(f"`formats` must be some of {', '.join(FORMATS)}; received {unknown}.")
    if frames < 1:
        raise ConfigError(f"`frames_per_step` must be 1 or more; received {frames}.")
    plan = {name: output_dir / file_name(model.name, name, frames) for name in formats}
    existing = [str(path) for path in plan.values() if path.exists()]
    if existing:
        raise ConfigError(f"{existing[0]} already exists; use another output folder.")
    return plan


def _check_block(formats: Sequence[str], step: int, block: int) -> None:
    if block and (block <= step or block % step):
        raise ConfigError(
            f"`frames_per_block` must be a multiple of `frames_per_step`, which is {step}; "
            f"received {block}."
        )
    if block and set(formats) & set(EIGHT_BITS):
        raise ConfigError("`frames_per_block` must be 0 for formats with 8-bit weights.")


class _Export:
    """Files that the formats of one export share, each made when first needed."""

    def __init__(
        self,
        folder: pathlib.Path,
        model: EnhancementModel,
        frames: int,
        block: int,
        calibration: Sequence[Samples],
    ) -> None:
        self._folder = folder
        self._model = model
        self._frames = {STEP: frames, BLOCK: block} if block else {STEP: frames}
        self._waveforms = calibration

    def export(self, number_format: str, target: pathlib.Path) -> Exported:
        """Makes, checks and moves one file."""
        try:
            made = self._folder / target.name
            made.write_bytes(self._converted(number_format).read_bytes())
            subprocess_tasks.run("inspect", made)
        except ModelError as error:
            return Exported(number_format, target, str(error))
        layers = self._sensitive(number_format)
        more: dict[str, list[str]] = inspection.tensor_order(made)
        more |= {kind: list(found) for kind, found in layers.items()}
        description = metadata.describe(self._model, number_format, self._frames[STEP], **more)
        metadata.put_into_tflite(made, description)
        os.rename(made, target)
        kept, at_run_time = (layers.get(kind, {}) for kind in _SENSITIVE)
        return Exported(number_format, target, "", kept, at_run_time)

    def _converted(self, number_format: str) -> pathlib.Path:
        source = self._float32()
        if number_format == FLOAT32:
            return source
        target = self._folder / f"{number_format}.tflite"
        inputs = self._calibration() if number_format in CALIBRATED else "-"
        subprocess_tasks.run("quantize", source, number_format, inputs, self._signals(), target)
        return target

    def _sensitive(self, number_format: str) -> dict[str, dict[str, float]]:
        """Returns the sensitive layers of a format by what becomes of them."""
        if number_format not in EIGHT_BITS:
            return {}
        found = (self._folder / f"{number_format}.json").read_text(encoding="utf-8")
        return dict(json.loads(found))

    def _float32(self) -> pathlib.Path:
        target = self._folder / "float32.tflite"
        if not target.exists():
            saved_model = self._folder / "saved_model"
            if not saved_model.exists():
                self._write_step(saved_model)
            subprocess_tasks.run("convert", saved_model, target, *self._frames)
        return target

    def _write_step(self, folder: pathlib.Path) -> None:
        archive = keras.export.ExportArchive()
        archive.track(self._model)
        for name, frames in self._frames.items():
            signature = step_signature(self._model, streams=1, frames=frames)
            archive.add_endpoint(name, signature.function, input_signature=list(signature.inputs))
        archive.write_out(str(folder), verbose=False)

    def _calibration(self) -> pathlib.Path:
        path = self._folder / "calibration.npz"
        if not path.exists():
            np.savez(path, **trajectories(self._float32(), self._waveforms))
        return path

    def _signals(self) -> pathlib.Path:
        path = self._folder / "signals.npz"
        if not path.exists():
            rate = self._model.sample_rate
            waveforms = self._waveforms or recordings.voice_at_levels(rate)
            np.savez(path, *sensitive_layers.signals(waveforms, rate))
        return path
