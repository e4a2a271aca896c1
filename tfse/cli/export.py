"""Program `tfse-export`: exports a model to servers and devices, and verifies the files."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from tfse.cli import program, verification
from tfse.errors import ConfigError

if TYPE_CHECKING:
    from tfse.exporting.verification.verify import Variant
    from tfse.models import EnhancementModel
    from tfse.types import Samples

DESCRIPTION = """Exports a model to servers and devices, and verifies the files.

  tfse-export --model=dpcrn_small --output_dir=lite --data_dir=prepared
  tfse-export --model=runs/mine/best.keras --output_dir=served --formats=saved_model

Writes OUTPUT_DIR/NAME_FORMAT.tflite with the signature `step` and the metadata of the model, and
for saved_model OUTPUT_DIR/NAME/VERSION/ with the signatures `enhance` (= serving_default), `step`
and `initial_state`, which run without tfse. int8 and int16x8 take the ranges of their activations
from training mixtures of --data_dir, made with the settings of the model's run folder, at levels
of -60 to -5 dBFS. Layers that are sensitive to 8-bit weights stay float32; they are measured on
these mixtures, or on a made-up voice without --data_dir. A format that fails is reported, and the
others are written. Exit code: 0 all are equal within their limits, 1 one is not or is missing,
2 bad usage.
"""
SAVED_MODEL = "saved_model"
GROUPS = {
    "Model and files": [
        "model", "output_dir", "formats", "model_version", "frames_per_step", "frames_per_block",
    ],
    "Verification": [
        "data_dir", "noisy_dir", "clean_dir", "count", "report", "calibration_mixtures",
    ],
}  # fmt: skip

flags.adopt_module_key_flags(verification)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder of the files.", required=True)
_FORMATS = flags.DEFINE_list(
    "formats",
    ["float32", "float16", "dynamic", "int8"],
    "Of float32, float16, dynamic, int8, int16x8 and saved_model.",
)
_VERSION = flags.DEFINE_integer(
    "model_version", 1, "Version of the SavedModel; servers use the highest."
)
_FRAMES = flags.DEFINE_integer("frames_per_step", 1, "Hops per step of TFLite files.")
_BLOCK = flags.DEFINE_integer(
    "frames_per_block", 0, "Hops of a second signature, `step_block`, for whole files; 0 for none."
)
_CALIBRATION = flags.DEFINE_integer(
    "calibration_mixtures", 40, "Number of training mixtures of 4 s to calibrate with.", 1
)


def main(arguments: Sequence[str]) -> int:
    """Exports and verifies."""
    program.require_flags_only(arguments)
    verification.check_recordings()
    formats = [name for name in _FORMATS.value if name != SAVED_MODEL]
    model = verification.load_model()
    if formats:
        _check_streamable(model)
    _check_calibration(formats)
    complete, chosen = _tflite(model, formats) if formats else (True, [])
    if SAVED_MODEL in _FORMATS.value:
        chosen += _saved_model(model)
    if not chosen:
        return program.FAILED
    from tfse.exporting.verification import variants

    chosen = [*variants.of_keras(verification.MODEL.value, model), *chosen]
    passed = verification.verify(chosen, model.sample_rate)
    return program.DONE if passed and complete else program.FAILED


def entry_point() -> None:
    """Runs the program."""
    program.run(main, DESCRIPTION, GROUPS)


def _check_streamable(model: EnhancementModel) -> None:
    """Checks that a model can have TFLite files, before data is asked for."""
    from tfse.layers import offline_reason

    if reason := offline_reason(model):
        raise ConfigError(f"`--formats` must be {SAVED_MODEL} alone: {reason}")


def _check_calibration(formats: Sequence[str]) -> None:
    from tfse.exporting.number_formats import CALIBRATED

    needed = sorted(set(formats) & set(CALIBRATED))
    if needed and not verification.DATA_DIR.value:
        raise ConfigError(
            f"{' and '.join(needed)} must be calibrated on prepared data: give --data_dir, or "
            "leave them out, as with --formats=float32,float16,dynamic."
        )


def _tflite(model: EnhancementModel, formats: Sequence[str]) -> tuple[bool, list[Variant]]:
    """Writes TFLite files; returns whether all could be made, and those that were."""
    from tfse.exporting.number_formats import EIGHT_BITS
    from tfse.exporting.tflite import export_tflite
    from tfse.exporting.verification import variants

    calibration: Sequence[Samples] = ()
    if set(formats) & set(EIGHT_BITS):
        calibration = verification.calibration(model.sample_rate, _CALIBRATION.value)
    exported = export_tflite(
        model,
        _OUTPUT_DIR.value,
        formats,
        frames_per_step=_FRAMES.value,
        frames_per_block=_BLOCK.value,
        calibration=calibration,
    )
    for outcome in exported:
        print(outcome)
    written = [outcome.path for outcome in exported if not outcome.reason]
    return len(written) == len(exported), list(map(variants.of_tflite, written))


def _saved_model(model: EnhancementModel) -> list[Variant]:
    from tfse.exporting.saved_model import export_saved_model
    from tfse.exporting.verification import variants

    folder: pathlib.Path = export_saved_model(model, _OUTPUT_DIR.value, _VERSION.value)
    print(f"{folder}: written.")
    return list(variants.of_saved_model(folder, model))


if __name__ == "__main__":
    entry_point()
