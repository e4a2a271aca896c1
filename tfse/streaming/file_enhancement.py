"""Enhancement of files with constant memory."""

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
from tfse.audio.layout import Layout, format_of, require_known_suffix, subtype_of
from tfse.errors import AudioError, ConfigError
from tfse.files import atomic, is_special, write_all
from tfse.pretrained import DEFAULT_MODEL
from tfse.streaming import pipes
from tfse.streaming.array_enhancement import open_cached
from tfse.streaming.batch.before_after import Excerpt
from tfse.streaming.enhance_source import Consumer, Progress, enhance_source
from tfse.streaming.options import PIPE, EnhanceOptions, Summary, Targets
from tfse.streaming.steps.base import Step
from tfse.streaming.steps.open_step import Model

# Opens a file for an atomic write, see `atomic`.
OpenAtomic = Callable[[pathlib.Path], contextlib.AbstractContextManager[BinaryIO]]


def enhance_file(
    source: str | pathlib.Path,
    target: str | pathlib.Path,
    model: Model | None = None,
    options: EnhanceOptions | None = None,
    *,
    noise_target: str | pathlib.Path | None = None,
    overwrite: bool = False,
    trust_saved_model: bool = False,
    engine: str | None = None,
) -> Summary:
    """Removes noise from a recording.

    The target has the length, rate, channels and alignment of the source, and its
    format unless `options` or the suffix say otherwise. It is written atomically.

    Args:
        source: any file that libsndfile reads.
        target: file of the enhanced recording; the source itself, with
            `overwrite`, is replaced after success.
        model: anything that `open_step` accepts; None for the shipped default.
        options: enhancement and storage; None for the defaults.
        noise_target: file of the removed noise; None for none.
        overwrite: replaces existing files.
        trust_saved_model: see `open_step`.
        engine: "litert", "keras" or None for the faster that the model has; see `open_step`.

    Returns:
        Length, time and notes.

    Raises:
        AudioError: the source cannot be used.
        ConfigError: a setting is out of range, or a target exists.
        ModelError: the model does not exist or cannot be loaded.
        OSError: the target cannot be written.

    Example:
        >>> import tfse
        >>> summary = tfse.enhance_file("noisy.wav", "enhanced.flac")
    """
    for name, path in {"source": source, "target": target}.items():
        if not isinstance(path, (str, pathlib.Path)):
            raise ConfigError(f"`{name}` must be a path; received {path!r}.")
    noise = None if noise_target is None else pathlib.Path(noise_target)
    targets = Targets(pathlib.Path(target), noise)
    require_free(targets, overwrite)
    step = open_cached(DEFAULT_MODEL if model is None else model, trust_saved_model, engine)
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
    """Enhances a file as `enhance_file` does, with an open model; `-` is a pipe.

    The caller checks existing targets with `require_free`. Without `overwrite`, a
    target that another process creates meanwhile is kept.
    """
    with contextlib.ExitStack() as stack:
        audio = stack.enter_context(_open_source(source, options.on_damage))
        layout_of = functools.partial(_target_layout, audio.layout, source, options)
        open_atomic = functools.partial(atomic, overwrite=overwrite)
        writer, consumers = _consumers(stack, audio, targets, layout_of, open_atomic)
        summary = enhance_source(audio, step, options, consumers, progress)
    # The notes of the writer are complete once the file is closed.
    return dataclasses.replace(summary, notes=(*summary.notes, *audio.remarks, *writer.notes))


def require_free(targets: Targets, overwrite: bool) -> None:
    """Checks that targets can be written.

    Raises:
        ConfigError: a target exists and may not be replaced, is a folder or a special file.
    """
    for path in targets.all():
        if path.is_dir():
            raise ConfigError(f"{path} is a folder; name a file for the output.")
        if is_special(path):
            raise ConfigError(
                f"{path} is not a regular file; name a file, or `-` for standard output."
            )
        if path.exists() and not overwrite:
            raise ConfigError(f"{path} already exists; use overwrite=True.")


@contextlib.contextmanager
def _open_source(source: pathlib.Path, on_damage: str) -> Iterator[FileSource]:
    with contextlib.ExitStack() as stack:
        file: pathlib.Path | BinaryIO = source
        if source == PIPE:
            file = stack.enter_context(pipes.spooled_input(sys.stdin.buffer))
        yield stack.enter_context(FileSource(file, on_damage))


def _consumers(
    stack: contextlib.ExitStack,
    source: FileSource,
    targets: Targets,
    layout_of: Callable[[pathlib.Path], Layout],
    open_atomic: OpenAtomic,
) -> tuple[AudioWriter, list[Consumer]]:
    """Opens all outputs; they are completed, or abandoned, when the stack is closed.

    Returns:
        The writer of the enhanced recording, and the consumers of every block.
    """

    def writer(target: pathlib.Path) -> AudioWriter:
        file = stack.enter_context(
            pipes.spooled_output(sys.stdout.buffer) if target == PIPE else open_atomic(target)
        )
        return stack.enter_context(AudioWriter(file, layout_of(target), source.tags))

    consumers: list[Consumer] = []
    if targets.picture is not None:
        consumers.append(
            stack.enter_context(
                _picture_consumer(targets.picture, source.layout.sample_rate, open_atomic)
            )
        )
    main = writer(targets.enhanced)
    consumers.append(lambda noisy, enhanced: main.write(enhanced))
    if targets.noise is not None:
        noise, clip = writer(targets.noise), layout_of(targets.enhanced).limited
        # Both files add up to the recording, even where the enhanced one is clipped.
        consumers.append(lambda noisy, enhanced: noise.write(noisy - clip(enhanced)))
    return main, consumers


def _target_layout(
    layout: Layout, source: pathlib.Path, options: EnhanceOptions, target: pathlib.Path
) -> Layout:
    """Returns the layout of a target; a suffix unlike the source's selects the format."""
    if options.format or PIPE in (source, target) or _same_suffix(source, target):
        return layout.converted(options.format, options.subtype)
    require_known_suffix(target)
    return layout.converted(format_of(target), options.subtype or subtype_of(target))


def _same_suffix(one: pathlib.Path, two: pathlib.Path) -> bool:
    return one.suffix.lower() == two.suffix.lower()


@contextlib.contextmanager
def _picture_consumer(
    target: pathlib.Path, sample_rate: int, open_atomic: OpenAtomic
) -> Iterator[Consumer]:
    excerpt = Excerpt(sample_rate)
    yield excerpt.add
    with open_atomic(target) as file:
        picture = io.BytesIO()
        excerpt.save(picture)
        write_all(file, picture.getvalue())
