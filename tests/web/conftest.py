from __future__ import annotations

import pathlib
import tempfile

import pytest

from tests.streaming.tiny_streams import tones, write


@pytest.fixture
def temporary(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Folder that receives the temporary files of the server."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def noisy(tmp_path: pathlib.Path) -> pathlib.Path:
    """Stereo recording of two seconds at 22,050 Hz."""
    return write(tmp_path / "noisy.flac", tones(44_100, 22_050, 2), 22_050)
