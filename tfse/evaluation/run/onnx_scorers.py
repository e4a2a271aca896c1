"""ONNX scorers: scores of recordings by networks in ONNX files."""

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
# Calibration polynomials of the outputs SIG, BAK and OVRL, from the authors' program.
_DNSMOS = {
    "dnsmos_sig": (-0.08397278, 1.22083953, 0.0052439),
    "dnsmos_bak": (-0.13166888, 1.60915514, -0.39604546),
    "dnsmos_ovrl": (-0.06766283, 1.11546468, 0.04602535),
}
# Hop between the segments of a network of fixed input length.
_HOP_S = 1


@dataclasses.dataclass(frozen=True)
class ScorerFile:
    """An ONNX file that scores a recording without a reference.

    Attributes:
        path: path of the file.
        sha256: checksum of the file.
        dnsmos: whether its interface and calibration are those of DNSMOS P.835.
    """

    path: pathlib.Path
    sha256: str
    dnsmos: bool

    def open(self) -> Scorer:
        """Loads the file; see `Scorer`."""
        return Scorer(self)


def scorer_files(dnsmos: str | None, others: Sequence[str]) -> list[ScorerFile]:
    """Returns the scorers that a user named.

    Raises:
        ConfigError: a file is missing, two have one name, or onnxruntime is not installed.
    """
    named = [(dnsmos, True)] if dnsmos else []
    named += [(other, False) for other in others]
    if len({pathlib.Path(path).stem for path, _ in named}) < len(named):
        raise ConfigError("ONNX scorers must have different names; see `onnx_scorer`.")
    files = []
    for path, is_dnsmos in named:
        if not pathlib.Path(path).is_file():
            raise ConfigError(f"A scorer must be an ONNX file; received {path}.")
        files.append(ScorerFile(pathlib.Path(path), sha256_of(pathlib.Path(path)), is_dnsmos))
    if files:
        _runtime()
    return files


class Scorer:
    """Scorer of waveforms by an ONNX file, on one thread.

    The first input is a waveform, `[samples]` or `[1, samples]`, float32. If its length is
    fixed, a shorter recording is repeated until it is long enough, and the scores of a
    longer one are averaged over segments one second apart, like in the program of DNSMOS.
    Every output value is a score, named `FILE_OUTPUT`, with `_0`, `_1` if there are
    several. The sample rate is 16 kHz, or `sample_rate` in the metadata of the file.

    Args:
        file: file to load. DNSMOS must return three values, SIG, BAK and OVRL.

    Raises:
        ConfigError: the file is not a network of this interface.

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
            # The exceptions of onnxruntime have no common base class.
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ConfigError(f"A scorer must be an ONNX file; {file.path}: {reason}") from error
        self._file = file
        self._input = self._session.get_inputs()[0]
        metadata = self._session.get_modelmeta().custom_metadata_map
        self.sample_rate = int(metadata.get("sample_rate", _SAMPLE_RATE))
        shape = self._input.shape
        self._length = shape[-1] if isinstance(shape[-1], int) else None
        # A second of silence shows the number of outputs.
        self.names = tuple(self._scores(np.zeros(self._length or self.sample_rate, np.float32)))

    def __call__(self, sound: Sound) -> dict[str, float]:
        """Returns the scores by name.

        Raises:
            MetricNotApplicable: the sample rate differs.
            MetricUndefined: a sample or a score is not finite.
        """
        if sound.sample_rate != self.sample_rate:
            raise MetricNotApplicable(
                f"{self._file.path.name} needs {self.sample_rate} Hz; received {sound.sample_rate}."
            )
        if not np.isfinite(sound.samples).all():
            raise MetricUndefined("the estimate must be finite.")
        parts = [self._scores(part) for part in self._segments(sound.samples)]
        scores = {name: float(np.mean([part[name] for part in parts])) for name in parts[0]}
        if not np.isfinite(list(scores.values())).all():
            raise MetricUndefined(
                f"{self._file.path.name} must return finite scores; received {scores}."
            )
        return scores

    def _segments(self, samples: Samples) -> Iterator[Samples]:
        if self._length is None:
            yield samples
            return
        while len(samples) < self._length:
            samples = np.tile(samples, 2)
        whole_s = len(samples) // self.sample_rate
        for number in range(int(whole_s - self._length / self.sample_rate) + 1):
            start = number * _HOP_S * self.sample_rate
            if not (
                self._file.dnsmos and _skipped_by_rounding(number, self._length, self.sample_rate)
            ):
                yield samples[start : start + self._length]

    def _scores(self, samples: Samples) -> dict[str, float]:
        waveform = samples if len(self._input.shape) == 1 else samples[np.newaxis]
        outputs = self._session.run(None, {self._input.name: waveform})
        if self._file.dnsmos:
            return _calibrated(outputs[0], self._file.path)
        names = [output.name for output in self._session.get_outputs()]
        return dict(_flat(self._file.path.stem, names, outputs))


def _skipped_by_rounding(number: int, length: int, sample_rate: int) -> bool:
    """Returns whether the program of DNSMOS skips a segment by rounding, for equal scores."""
    end = int((number * _HOP_S + length / sample_rate) * sample_rate)
    return end - number * _HOP_S * sample_rate < length


def _calibrated(output: Any, path: pathlib.Path) -> dict[str, float]:
    raw = np.ravel(output)
    if raw.size != len(_DNSMOS):
        raise ConfigError(
            f"`dnsmos_model` must return SIG, BAK and OVRL; {path} returns {raw.size} values."
        )
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
        raise ConfigError("ONNX scorers need onnxruntime: pip install 'tfse[onnx]'") from error
    return onnxruntime
