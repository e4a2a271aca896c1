"""Exports a model as TFLite files for devices, one a number format, and verifies them.

    python export/to_tflite.py --model=dpcrn_small --output_dir=lite --data_dir=prepared

writes lite/dpcrn_small_FORMAT.tflite with the signature `step` and the metadata
of the model. int8 and int16x8 take the ranges of their activations from training
mixtures of --data_dir. A format that could not be made is told, and the others
are written. Exit 0 if all are equal within their limits, 1 if one is not or is
missing, 2 for bad usage.
"""

from __future__ import annotations

from collections.abc import Sequence

from absl import flags

from tfse.cli import program, verification
from tfse.errors import ConfigError

flags.adopt_module_key_flags(verification)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder of the files.", required=True)
_FORMATS = flags.DEFINE_list(
    "formats",
    ["float32", "float16", "dynamic", "int8"],
    "Of float32, float16, dynamic, int8 and int16x8.",
)
_FRAMES = flags.DEFINE_integer("frames_per_step", 1, "Hops of a block.")
_CALIBRATION = flags.DEFINE_integer(
    "calibration_mixtures", 40, "Training mixtures of 4 s from which ranges are taken.", 1
)


def main(arguments: Sequence[str]) -> int:
    """Exports and verifies."""
    from tfse.exporting import forms
    from tfse.exporting.calibration import Samples, training_mixtures
    from tfse.exporting.number_formats import CALIBRATED
    from tfse.exporting.tflite import export_tflite

    verification.check_recordings()
    data_dir = verification.DATA_DIR.value
    needed = sorted(set(_FORMATS.value) & set(CALIBRATED))
    if needed and not data_dir:
        raise ConfigError(
            f"{' and '.join(needed)} must be calibrated on prepared data: --data_dir is missing."
        )
    model = verification.load_model()
    calibration: list[Samples] = []
    if needed and data_dir:
        calibration = training_mixtures(data_dir, model.sample_rate, _CALIBRATION.value)
    exported = export_tflite(
        model,
        _OUTPUT_DIR.value,
        _FORMATS.value,
        frames_per_step=_FRAMES.value,
        calibration=calibration,
    )
    for outcome in exported:
        print(f"{outcome.path}: {outcome.reason or 'written.'}")
    written = [outcome.path for outcome in exported if not outcome.reason]
    if not written:
        return program.FAILED
    chosen = [*forms.of_keras(verification.MODEL.value), *map(forms.of_tflite, written)]
    passed = verification.verify(chosen, model.sample_rate)
    return program.DONE if passed and len(written) == len(exported) else program.FAILED


if __name__ == "__main__":
    program.run(main, __doc__)
