"""File in, file out: constant memory whatever the length."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import pathlib
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO

from tfse.errors import ConfigError
from tfse.models.loading import DEFAULT_MODEL
from tfse.streaming import engine, pipes
from tfse.streaming.arrays import opened
from tfse.streaming.engine import Consumer, Progress
from tfse.streaming.layout import Layout, format_of
from tfse.streaming.opening import Model
from tfse.streaming.options import EnhanceOptions, Summary, Targets
from tfse.streaming.picture import Excerpt
from tfse.streaming.reading import FileSource
from tfse.streaming.recording import require_rate
from tfse.streaming.step import Step
from tfse.streaming.writing import AudioWriter, atomic, is_special, write_all

#: In place of a path: standard input, or standard output.
PIPE = pathlib.Path("-")


def enhance_file(
    source: str | pathlib.Path,
    target: str | pathlib.Path,
    model: Model | None = None,
    options: EnhanceOptions | None = None,
    *,
    noise_target: str | pathlib.Path | None = None,
    overwrite: bool = False,
) -> Summary:
    """Takes the noise out of a recording.

    The target has the length, rate, channels and alignment of the source, and
    its format unless told otherwise. It appears whole or not at all.

    Args:
        source: any file that libsndfile reads.
        target: where the enhanced recording goes; the source itself, with
            `overwrite`, is replaced after success.
        model: whatever `open_step` takes; None for the shipped default.
        options: how it is enhanced and stored; None for the defaults.
        noise_target: where that goes which was taken away.
        overwrite: replaces files that exist.

    Returns:
        Length and time.

    Raises:
        AudioError: the source cannot be used.
        ConfigError: a setting is out of range, or a target exists.
        ModelError: there is no such model.
        OSError: the target cannot be written.

    Example:
        >>> import tfse
        >>> tfse.enhance_file("noisy.wav", "enhanced.flac")
    """
    noise = None if noise_target is None else pathlib.Path(noise_target)
    targets = Targets(pathlib.Path(target), noise)
    require_free(targets, overwrite)
    step = opened(DEFAULT_MODEL if model is None else model)
    return enhance_to(pathlib.Path(source), targets, step, options or EnhanceOptions())


def enhance_to(
    source: pathlib.Path,
    targets: Targets,
    step: Step,
    options: EnhanceOptions,
    progress: Progress | None = None,
) -> Summary:
    """Does the work of `enhance_file` with a model that is open; `-` is a pipe.

    Whatever is in the place of a target is replaced.
    """
    with contextlib.ExitStack() as stack:
        audio = stack.enter_context(_opened(source))
        require_rate(audio.layout.sample_rate)
        layout_of = functools.partial(_stored, audio.layout, source, options)
        writer, consumers = _consumers(stack, audio, targets, layout_of)
        summary = engine.run(audio, step, options, consumers, progress)
        return dataclasses.replace(summary, notes=(*summary.notes, *_notes(writer.clipped)))


def _notes(clipped: int) -> list[str]:
    if not clipped:
        return []
    return [f"{clipped} samples beyond full scale were clipped; the subtype FLOAT keeps them"]


def require_free(targets: Targets, overwrite: bool) -> None:
    """Refuses to write over what is there.

    Raises:
        ConfigError: a target exists and may not be replaced, or is a folder.
    """
    for path in targets.all():
        if path.is_dir():
            raise ConfigError(f"an output must be a file; {path} is a folder.")
        if is_special(path):
            raise ConfigError(
                f"an output must be a regular file, or `-` for standard output; {path} is neither."
            )
        if path.exists() and not overwrite:
            raise ConfigError(f"an output must not exist yet, unless overwritten; {path} does.")


@contextlib.contextmanager
def _opened(source: pathlib.Path) -> Iterator[FileSource]:
    with contextlib.ExitStack() as stack:
        file: pathlib.Path | BinaryIO = source
        if source == PIPE:
            file = stack.enter_context(pipes.collected(sys.stdin.buffer))
        yield stack.enter_context(FileSource(file))


def _consumers(
    stack: contextlib.ExitStack,
    source: FileSource,
    targets: Targets,
    layout_of: Callable[[pathlib.Path], Layout],
) -> tuple[AudioWriter, list[Consumer]]:
    """Opens every output; all of them are completed, or given up, when the stack ends.

    Returns:
        What writes the enhanced recording, and what gets every block.
    """

    def writer(target: pathlib.Path) -> AudioWriter:
        file = stack.enter_context(_destination(target))
        return stack.enter_context(AudioWriter(file, layout_of(target), source.texts))

    consumers: list[Consumer] = []
    if targets.picture is not None:
        consumers.append(stack.enter_context(_drawn(targets.picture, source.layout.sample_rate)))
    if targets.noise is not None:
        noise = writer(targets.noise)
        consumers.append(lambda noisy, enhanced: noise.write(noisy - enhanced))
    main = writer(targets.enhanced)
    consumers.append(lambda noisy, enhanced: main.write(enhanced))
    return main, consumers


def _stored(
    layout: Layout, source: pathlib.Path, options: EnhanceOptions, target: pathlib.Path
) -> Layout:
    """Returns how a result is stored: another ending than the source's is another format."""
    ending = None
    if PIPE not in (source, target) and target.suffix.lower() != source.suffix.lower():
        ending = format_of(target)
    return layout.converted(options.format or ending, options.subtype)


def _destination(target: pathlib.Path) -> contextlib.AbstractContextManager[BinaryIO]:
    return pipes.released(sys.stdout.buffer) if target == PIPE else atomic(target)


@contextlib.contextmanager
def _drawn(target: pathlib.Path, sample_rate: int) -> Iterator[Consumer]:
    excerpt = Excerpt(sample_rate)
    yield excerpt.add
    with atomic(target) as file:
        drawn = io.BytesIO()
        excerpt.save(drawn)
        write_all(file, drawn.getvalue())
