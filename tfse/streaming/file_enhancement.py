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

from tfse.audio.audio_writer import AudioWriter
from tfse.audio.file_source import FileSource
from tfse.audio.layout import Layout, format_of, require_meaning, subtype_of
from tfse.errors import AudioError, ConfigError
from tfse.files import atomic, is_special, write_all
from tfse.pretrained import DEFAULT_MODEL
from tfse.streaming import pipes, sample_flow
from tfse.streaming.array_enhancement import opened
from tfse.streaming.batch.before_after import Excerpt
from tfse.streaming.options import PIPE, EnhanceOptions, Summary, Targets
from tfse.streaming.sample_flow import Consumer, Progress
from tfse.streaming.steps.base import Step
from tfse.streaming.steps.open_step import Model

# Opens a file that appears whole or not at all, see `atomic`.
Finished = Callable[[pathlib.Path], contextlib.AbstractContextManager[BinaryIO]]


def enhance_file(
    source: str | pathlib.Path,
    target: str | pathlib.Path,
    model: Model | None = None,
    options: EnhanceOptions | None = None,
    *,
    noise_target: str | pathlib.Path | None = None,
    overwrite: bool = False,
    trust_saved_model: bool = False,
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
        trust_saved_model: see `open_step`.

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
    for name, path in {"source": source, "target": target}.items():
        if not isinstance(path, (str, pathlib.Path)):
            raise ConfigError(f"`{name}` must be a path; received {path!r}.")
    noise = None if noise_target is None else pathlib.Path(noise_target)
    targets = Targets(pathlib.Path(target), noise)
    require_free(targets, overwrite)
    step = opened(DEFAULT_MODEL if model is None else model, trust_saved_model)
    try:
        return enhance_to(
            pathlib.Path(source), targets, step, options or EnhanceOptions(), overwrite=overwrite
        )
    except AudioError as error:
        raise type(error)(f"{source}: {error}") from error


def enhance_to(
    source: pathlib.Path,
    targets: Targets,
    step: Step,
    options: EnhanceOptions,
    progress: Progress | None = None,
    *,
    overwrite: bool,
) -> Summary:
    """Does the work of `enhance_file` with a model that is open; `-` is a pipe.

    The caller has looked, with `require_free`, whether a target is there. Without
    `overwrite`, one that another process makes meanwhile is kept.
    """
    with contextlib.ExitStack() as stack:
        audio = stack.enter_context(_opened(source, options.on_damage))
        layout_of = functools.partial(_stored, audio.layout, source, options)
        finished = functools.partial(atomic, overwrite=overwrite)
        writer, consumers = _consumers(stack, audio, targets, layout_of, finished)
        summary = sample_flow.run(audio, step, options, consumers, progress)
    # Complete only now that the file is.
    return dataclasses.replace(summary, notes=(*summary.notes, *audio.remarks, *writer.notes))


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
def _opened(source: pathlib.Path, on_damage: str) -> Iterator[FileSource]:
    with contextlib.ExitStack() as stack:
        file: pathlib.Path | BinaryIO = source
        if source == PIPE:
            file = stack.enter_context(pipes.collected(sys.stdin.buffer))
        yield stack.enter_context(FileSource(file, on_damage))


def _consumers(
    stack: contextlib.ExitStack,
    source: FileSource,
    targets: Targets,
    layout_of: Callable[[pathlib.Path], Layout],
    finished: Finished,
) -> tuple[AudioWriter, list[Consumer]]:
    """Opens every output; all of them are completed, or given up, when the stack ends.

    Returns:
        What writes the enhanced recording, and what gets every block.
    """

    def writer(target: pathlib.Path) -> AudioWriter:
        file = stack.enter_context(
            pipes.released(sys.stdout.buffer) if target == PIPE else finished(target)
        )
        return stack.enter_context(AudioWriter(file, layout_of(target), source.texts))

    consumers: list[Consumer] = []
    if targets.picture is not None:
        consumers.append(
            stack.enter_context(_drawn(targets.picture, source.layout.sample_rate, finished))
        )
    main = writer(targets.enhanced)
    consumers.append(lambda noisy, enhanced: main.write(enhanced))
    if targets.noise is not None:
        noise, stored = writer(targets.noise), layout_of(targets.enhanced).limited
        # Both files add up to the recording where the enhanced one was clipped too.
        consumers.append(lambda noisy, enhanced: noise.write(noisy - stored(enhanced)))
    return main, consumers


def _stored(
    layout: Layout, source: pathlib.Path, options: EnhanceOptions, target: pathlib.Path
) -> Layout:
    """Returns how a result is stored: another ending than the source's is another format."""
    if options.format or PIPE in (source, target) or _alike(source, target):
        return layout.converted(options.format, options.subtype)
    require_meaning(target)
    return layout.converted(format_of(target), options.subtype or subtype_of(target))


def _alike(one: pathlib.Path, two: pathlib.Path) -> bool:
    return one.suffix.lower() == two.suffix.lower()


@contextlib.contextmanager
def _drawn(target: pathlib.Path, sample_rate: int, finished: Finished) -> Iterator[Consumer]:
    excerpt = Excerpt(sample_rate)
    yield excerpt.add
    with finished(target) as file:
        drawn = io.BytesIO()
        excerpt.save(drawn)
        write_all(file, drawn.getvalue())
