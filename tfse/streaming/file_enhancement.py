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
from tfse.errors import AudioError, ConfigError
from tfse.files import atomic, is_special, write_all
from tfse.pretrained import DEFAULT_MODEL
from tfse.streaming import pipes
from tfse.streaming.array_enhancement import open_cached
from tfse.streaming.batch.before_after import Excerpt
from tfse.streaming.enhance_source import Consumer, Progress, enhance_source
from tfse.streaming.open_recording import Recording, open_recording
from tfse.streaming.open_writer import Writer, noise_layout, open_writer, target_layout
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
        source: any file that libsndfile reads; where ffmpeg is on the PATH, also a video
            and compressed audio of other kinds.
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
        audio = stack.enter_context(open_recording(source, options.on_damage))
        open_atomic = functools.partial(atomic, overwrite=overwrite)
        writer, consumers = _consumers(stack, audio, source, targets, options, open_atomic)
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


def _consumers(
    stack: contextlib.ExitStack,
    recording: Recording,
    source: pathlib.Path,
    targets: Targets,
    options: EnhanceOptions,
    open_atomic: OpenAtomic,
) -> tuple[Writer, list[Consumer]]:
    """Opens all outputs; they are completed, or abandoned, when the stack is closed.

    Returns:
        The writer of the enhanced recording, and the consumers of every block.
    """

    def opened(target: pathlib.Path) -> BinaryIO:
        return stack.enter_context(
            pipes.spooled_output(sys.stdout.buffer) if target == PIPE else open_atomic(target)
        )

    consumers: list[Consumer] = []
    if targets.picture is not None:
        consumers.append(
            stack.enter_context(
                _picture_consumer(targets.picture, recording.layout.sample_rate, open_atomic)
            )
        )
    layout = target_layout(recording, source, options, targets.enhanced)
    main: Writer = stack.enter_context(
        open_writer(opened(targets.enhanced), recording, layout, source)
    )
    consumers.append(lambda noisy, enhanced: main.write(enhanced))
    if targets.noise is not None:
        noise_format = noise_layout(recording, source, options, targets.noise)
        file, clip = opened(targets.noise), layout.limited
        noise = stack.enter_context(AudioWriter(file, noise_format, recording.tags))
        # Both files add up to the recording, even where the enhanced one is clipped.
        consumers.append(lambda noisy, enhanced: noise.write(noisy - clip(enhanced)))
    return main, consumers


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
