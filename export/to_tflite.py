"""Export of a model as verified TFLite files for devices, one per number format.

    python export/to_tflite.py --model=dpcrn_small --output_dir=lite --data_dir=prepared

writes lite/dpcrn_small_FORMAT.tflite with the signature `step` and the metadata of the
model. int8 and int16x8 get the ranges of their activations from training mixtures of
--data_dir, made with the settings of the model's run folder, at levels of -60 to
-5 dBFS. Layers that are sensitive to 8-bit weights stay float32; they are measured on
these mixtures, or on a made-up voice without --data_dir. A format that fails is
reported, and the others are written. Exit code: 0 if all are equal within their limits,
1 if one is not or is missing, 2 for bad usage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from tfse.cli import program, verification
from tfse.errors import ConfigError

if TYPE_CHECKING:
    from tfse.types import Samples

flags.adopt_module_key_flags(verification)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder of the files.", required=True)
_FORMATS = flags.DEFINE_list(
    "formats",
    ["float32", "float16", "dynamic", "int8"],
    "Of float32, float16, dynamic, int8 and int16x8.",
)
_FRAMES = flags.DEFINE_integer("frames_per_step", 1, "Hops per block.")
_CALIBRATION = flags.DEFINE_integer(
    "calibration_mixtures", 40, "Number of training mixtures of 4 s to calibrate with.", 1
)


def main(arguments: Sequence[str]) -> int:
    """Exports and verifies."""
    from tfse.exporting.number_formats import CALIBRATED, EIGHT_BITS
    from tfse.exporting.tflite import export_tflite
    from tfse.exporting.verification import variants

    verification.check_recordings()
    needed = sorted(set(_FORMATS.value) & set(CALIBRATED))
    if needed and not verification.DATA_DIR.value:
        raise ConfigError(
            f"{' and '.join(needed)} must be calibrated on prepared data: --data_dir is missing."
        )
    model = verification.load_model()
    calibration: Sequence[Samples] = ()
    if set(_FORMATS.value) & set(EIGHT_BITS):
        calibration = verification.calibration(model.sample_rate, _CALIBRATION.value)
    exported = export_tflite(
        model,
        _OUTPUT_DIR.value,
        _FORMATS.value,
        frames_per_step=_FRAMES.value,
        calibration=calibration,
    )
    for outcome in exported:
        print(outcome)
    written = [outcome.path for outcome in exported if not outcome.reason]
    if not written:
        return program.FAILED
    chosen = [*variants.of_keras(verification.MODEL.value), *map(variants.of_tflite, written)]
    passed = verification.verify(chosen, model.sample_rate)
    return program.DONE if passed and len(written) == len(exported) else program.FAILED


if __name__ == "__main__":
    program.run(main, __doc__)
