"""Process of ffmpeg: safe inputs, collected messages, and an end in all cases."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Any

from tfse.audio.ffmpeg.containers import DEMUXERS
from tfse.errors import AudioError

_MESSAGE_BYTES = 1 << 14
# Where a message comes from, such as [mov,mp4 @ 0x55d0].
_ORIGIN = re.compile(r"^(\[[^\]]* @ 0x[0-9a-f]+\] *)+")
_ADDRESS = re.compile(r"^(file:.*?|pipe:\d): ")
# Lines that follow the reason.
_GENERAL = re.compile(
    r"Conversion failed|Invalid data found when processing input$|Error while decoding|"
    r"Error writing trailer|Last message repeated|Exiting|at least one output|"
    r"Error (submitting|processing|during|closing|opening|sending)|Terminating|Task finished|"
    r"Could not write header.*incorrect codec|Nothing was written"
)


class FfmpegProcess:
    """Running ffmpeg; a context manager that kills it unless `finish` was called.

    Args:
        arguments: of ffmpeg.
        stdin: as of `subprocess.Popen`.
        stdout: as of `subprocess.Popen`.
        files: descriptors that the arguments name as /dev/fd/N.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.DEVNULL,
        files: Sequence[int] = (),
    ) -> None:
        self._messages: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        command = [path_of("ffmpeg"), "-nostdin", "-hide_banner", "-v", "error", *arguments]
        # In a session of its own it does not receive Ctrl-C: this process decides what ends.
        self._process = subprocess.Popen(
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=self._messages,
            pass_fds=files,
            start_new_session=True,
            bufsize=-1 if stdout == subprocess.PIPE else 0,
        )

    @property
    def stdin(self) -> IO[bytes]:
        """Pipe to the process."""
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """Pipe from the process."""
        assert self._process.stdout is not None
        return self._process.stdout

    def finish(self) -> int:
        """Waits for the end and returns the exit status."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        return self._process.wait()

    def message(self) -> str:
        """Returns the last line that says what failed; "" for none."""
        size = self._messages.seek(0, os.SEEK_END)
        self._messages.seek(max(0, size - _MESSAGE_BYTES))
        return last_message(self._messages.read().decode(errors="replace"))

    def __enter__(self) -> FfmpegProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()
        self._messages.close()


def is_available() -> bool:
    """Returns whether ffmpeg and ffprobe are on the PATH."""
    return all(shutil.which(name) for name in ("ffmpeg", "ffprobe"))


def path_of(name: str) -> str:
    """Returns the path of ffmpeg or ffprobe.

    Raises:
        AudioError: it is not on the PATH.
    """
    path = shutil.which(name)
    if path is None:
        raise AudioError(f"{name} is not on the PATH")
    return path


def input_arguments(address: str) -> list[str]:
    """Returns the arguments that open a file and nothing that the file may name."""
    whitelists = ["-protocol_whitelist", "file,pipe", "-format_whitelist", ",".join(DEMUXERS)]
    return [*whitelists, "-i", address]


def probe(arguments: Sequence[str], address: str, files: Sequence[int] = ()) -> str:
    """Returns what ffprobe writes about a file.

    Raises:
        AudioError: the file cannot be read.
    """
    command = [path_of("ffprobe"), "-v", "error", *arguments, *input_arguments(address)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, pass_fds=files, check=False
    )
    if done.returncode:
        reason = last_message(done.stderr.decode(errors="replace"))
        raise AudioError(f"not readable by ffmpeg: {reason or 'unknown reason'}")
    return done.stdout.decode(errors="replace")


@functools.cache
def encoders() -> frozenset[str]:
    """Returns the names of the encoders that this ffmpeg has."""
    command = [path_of("ffmpeg"), "-hide_banner", "-v", "error", "-encoders"]
    listed: Any = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return frozenset(
        line.split()[1] for line in listed.stdout.splitlines() if len(line.split()) > 1
    )


def last_message(text: str) -> str:
    """Returns the last line that says what failed, without where it comes from."""
    lines = [_ADDRESS.sub("", _ORIGIN.sub("", line.strip())) for line in text.splitlines()]
    lines = [line for line in lines if line]
    telling = [line for line in lines if not _GENERAL.search(line)]
    return (telling or lines or [""])[-1].rstrip(".")
