"""Sequential sound file: read or written once, without seeking."""

from __future__ import annotations

import soundfile
from soundfile import _ffi, _snd, _str_types


class SequentialFile(soundfile.SoundFile):
    """`soundfile.SoundFile` that never seeks.

    The base class seeks to the current position after every block, and libsndfile
    then restarts some decoders: Opus read in blocks differs from Opus read at once
    by as much as the signal, and damaged FLAC ends too early.
    """

    def seekable(self) -> bool:
        """Returns False, which turns the seeks off."""
        return False

    def copy_metadata(self) -> dict[str, str]:
        """Returns title, artist and the like by libsndfile's names.

        The base class replaces text that is not UTF-8, as in old MP3 tags, by question marks.
        """
        texts = {}
        for name, number in _str_types.items():
            data = _snd.sf_get_string(self._file, number)
            if data and (text := _ffi.string(data)):
                texts[name] = _decoded(text)
        return texts


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")
