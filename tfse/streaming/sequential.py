"""A sound file that is read or written once, from its beginning to its end."""

from __future__ import annotations

import soundfile


class SequentialFile(soundfile.SoundFile):
    """A `soundfile.SoundFile` that never seeks.

    The original seeks after every block, to where it already is. libsndfile
    restarts some decoders there: Opus read in blocks differs from Opus read at
    once by as much as the signal, and damaged FLAC ends where it need not.
    """

    def seekable(self) -> bool:
        """Returns False, which is all it takes."""
        return False
