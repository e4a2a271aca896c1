"""A sound file that is read or written once, from its beginning to its end."""

from __future__ import annotations

import soundfile
from soundfile import _ffi, _snd, _str_types


class SequentialFile(soundfile.SoundFile):
    """A `soundfile.SoundFile` that never seeks.

    The original seeks after every block, to where it already is. libsndfile
    restarts some decoders there: Opus read in blocks differs from Opus read at
    once by as much as the signal, and damaged FLAC ends where it need not.
    """

    def seekable(self) -> bool:
        """Returns False, which is all it takes."""
        return False

    def copy_metadata(self) -> dict[str, str]:
        """Returns title, artist and the like by libsndfile's names for them.

        The original puts question marks where a text is not UTF-8, as in old MP3 tags.
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
