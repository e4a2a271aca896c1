"""Scores by networks in ONNX files, of which only the path is given."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tfse.errors import ConfigError
from tfse.evaluation.sources.recordings import Sound
from tfse.files import sha256_of
from tfse.metrics import MetricNotApplicable, MetricUndefined
from tfse.types import Samples

_SAMPLE_RATE = 16_000
# Of the authors' program: what the outputs SIG, BAK and OVRL are put through.
_DNSMOS = {
    "dnsmos_sig": (-0.08397278, 1.22083953, 0.0052439),
    "dnsmos_bak": (-0.13166888, 1.60915514, -0.39604546),
    "dnsmos_ovrl": (-0.06766283, 1.11546468, 0.04602535),
}
# A network of fixed length hears a recording in stretches this far apart.
_HOP_S = 1


@dataclasses.dataclass(frozen=True)
class ScorerFile:
    """An ONNX file that scores a recording by itself.

    Attributes:
        path: of the file.
        sha256: of the file.
        dnsmos: whether it has the interface of DNSMOS P.835 and is calibrated as it.
    """

    path: pathlib.Path
    sha256: str
    dnsmos: bool

    def open(self) -> Scorer:
        """Loads it; see `Scorer`."""
        return Scorer(self)


def scorer_files(dnsmos: str | None, others: Sequence[str]) -> list[ScorerFile]:
    """Returns the files that a user named.

    Raises:
        ConfigError: one is not there, two have one name, or onnxruntime is not installed.
    """
    named = [(dnsmos, True)] if dnsmos else []
    named += [(other, False) for other in others]
    if len({pathlib.Path(path).stem for path, _ in named}) < len(named):
        raise ConfigError("files that score must have different names; see `onnx_scorer`.")
    files = []
    for path, is_dnsmos in named:
        if not pathlib.Path(path).is_file():
            raise ConfigError(f"a file that scores must be an ONNX file; received {path}.")
        files.append(ScorerFile(pathlib.Path(path), sha256_of(pathlib.Path(path)), is_dnsmos))
    if files:
        _runtime()
    return files


class Scorer:
    """Scores waveforms with an ONNX file, on one thread.

    The first input takes a waveform, `[samples]` or `[1, samples]`, float32. If it
    takes a fixed number of samples, a shorter recording is doubled until it has
    them, and a longer one is heard in stretches a second apart, whose scores are
    averaged: all as the program of DNSMOS does. Every number that comes out is a score, called
    `FILE_OUTPUT`, with `_0`, `_1` if there are several. The sample rate is 16 kHz, or
    what the file's metadata say under `sample_rate`.

    Args:
        file: what to load. As DNSMOS it must give three numbers, SIG, BAK and OVRL.

    Raises:
        ConfigError: it is no network of this interface.

    Source:
        Reddy, Gopal and Cutler, "DNSMOS P.835", ICASSP 2022, and the program
        `dnsmos_local.py` that its authors published with it.
    """

    def __init__(self, file: ScorerFile) -> None:
        runtime = _runtime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = runtime.InferenceSession(
                str(file.path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            # onnxruntime raises classes of its own that share no base.
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ConfigError(
                f"a file that scores must be an ONNX file; {file.path}: {reason}"
            ) from error
        self._file = file
        self._input = self._session.get_inputs()[0]
        metadata = self._session.get_modelmeta().custom_metadata_map
        self.sample_rate = int(metadata.get("sample_rate", _SAMPLE_RATE))
        shape = self._input.shape
        self._length = shape[-1] if isinstance(shape[-1], int) else None
        # Silence of a second tells how many numbers come out.
        self.names = tuple(self._scores(np.zeros(self._length or self.sample_rate, np.float32)))

    def __call__(self, sound: Sound) -> dict[str, float]:
        """Returns the scores by name.

        Raises:
            MetricNotApplicable: another sample rate.
            MetricUndefined: a sample is not finite, or a score is not.
        """
        if sound.sample_rate != self.sample_rate:
            raise MetricNotApplicable(
                f"{self._file.path.name} needs {self.sample_rate} Hz; received {sound.sample_rate}."
            )
        if not np.isfinite(sound.samples).all():
            raise MetricUndefined("the estimate must be finite.")
        parts = [self._scores(part) for part in self._stretches(sound.samples)]
        scores = {name: float(np.mean([part[name] for part in parts])) for name in parts[0]}
        if not np.isfinite(list(scores.values())).all():
            raise MetricUndefined(f"{self._file.path.name} must give finite scores; {scores}.")
        return scores

    def _stretches(self, samples: Samples) -> Iterator[Samples]:
        if self._length is None:
            yield samples
            return
        while len(samples) < self._length:
            samples = np.tile(samples, 2)
        whole_s = len(samples) // self.sample_rate
        for number in range(int(whole_s - self._length / self.sample_rate) + 1):
            start = number * _HOP_S * self.sample_rate
            if not (self._file.dnsmos and _passed_over(number, self._length, self.sample_rate)):
                yield samples[start : start + self._length]

    def _scores(self, samples: Samples) -> dict[str, float]:
        waveform = samples if len(self._input.shape) == 1 else samples[np.newaxis]
        outputs = self._session.run(None, {self._input.name: waveform})
        if self._file.dnsmos:
            return _calibrated(outputs[0], self._file.path)
        names = [output.name for output in self._session.get_outputs()]
        return dict(_flat(self._file.path.stem, names, outputs))


def _passed_over(number: int, length: int, sample_rate: int) -> bool:
    """Tells the stretches that DNSMOS' program loses to rounding, so that numbers compare."""
    end = int((number * _HOP_S + length / sample_rate) * sample_rate)
    return end - number * _HOP_S * sample_rate < length


def _calibrated(output: Any, path: pathlib.Path) -> dict[str, float]:
    raw = np.ravel(output)
    if raw.size != len(_DNSMOS):
        raise ConfigError(f"`dnsmos_model` must give SIG, BAK and OVRL; {path} gives {raw.size}.")
    pairs = zip(_DNSMOS.items(), raw, strict=True)
    return {name: float(np.polyval(curve, value)) for (name, curve), value in pairs}


def _flat(stem: str, names: Sequence[str], outputs: Sequence[Any]) -> Iterator[tuple[str, float]]:
    for name, output in zip(names, outputs, strict=True):
        values = np.ravel(output)
        for number, value in enumerate(values):
            end = f"_{number}" if values.size > 1 else ""
            yield f"{stem}_{name}{end}", float(value)


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ConfigError(
            "to score with an ONNX file, onnxruntime must be installed: pip install 'tfse[onnx]'"
        ) from error
    return onnxruntime
