"""Program `tfse-verify`: compares exports of a model with the model itself."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from tfse.cli import program, verification

if TYPE_CHECKING:
    from tfse.models import EnhancementModel

DESCRIPTION = """Compares exports of a model with the offline Keras model, in one table.

  tfse-verify --model=dpcrn_small --data_dir=prepared --exports=lite

Rows: the Keras model offline and streamed hop by hop, the SavedModel (`enhance`
and `step`) and every TFLite file under --exports that was made of this model; of a
model for recordings only, the Keras model and `enhance`.
Columns: size, largest difference of a sample, output SNR against offline (dB),
changes of PESQ (mean, and largest loss of a recording), STOI and SI-SDR, SNR and
PESQ of loud recordings, time per step with one thread, real-time factor, peak memory
of the process, and the verdict. Without --exports, all variants are
made in a temporary folder. A SavedModel is code: if --exports has one, add
--trust_saved_model. Exit code: 0 if all pass, 1 if one fails, 2 for bad usage.
"""
GROUPS = {
    "Model and exports": ["model", "exports", "trust_saved_model"],
    "Recordings": ["data_dir", "noisy_dir", "clean_dir", "count"],
    "Result": ["report"],
}

flags.adopt_module_key_flags(verification)
_EXPORTS = flags.DEFINE_list("exports", [], "SavedModels, .tflite files, and folders of them.")
_TRUST = flags.DEFINE_bool(
    "trust_saved_model",
    False,
    "Load SavedModels of --exports, which are code that runs with your rights.",
)


def main(arguments: Sequence[str]) -> int:
    """Verifies the exports."""
    program.require_flags_only(arguments)
    from tfse.exporting.verification import variants

    verification.check_recordings()
    model = verification.load_model()
    with tempfile.TemporaryDirectory(prefix="tfse-exports-") as folder:
        places = _EXPORTS.value or [_all_variants(model, folder)]
        # The exports made here are trusted.
        trusted = _TRUST.value or not _EXPORTS.value
        found = variants.found_in(places, model, trusted)
        chosen = [*variants.of_keras(verification.MODEL.value, model), *found]
        return program.DONE if verification.verify(chosen, model.sample_rate) else program.FAILED


def entry_point() -> None:
    """Runs the program."""
    program.run(main, DESCRIPTION, GROUPS)


def _all_variants(model: EnhancementModel, folder: str) -> str:
    from tfse.exporting.number_formats import CALIBRATED, FORMATS
    from tfse.exporting.saved_model import export_saved_model
    from tfse.exporting.tflite import export_tflite
    from tfse.layers import offline_reason

    export_saved_model(model, folder)
    if offline_reason(model):
        return folder
    calibration = verification.calibration(model.sample_rate)
    formats = [name for name in FORMATS if calibration or name not in CALIBRATED]
    for outcome in export_tflite(model, folder, formats, calibration=calibration):
        if outcome.reason:
            print(outcome, file=sys.stderr)
    return folder


if __name__ == "__main__":
    entry_point()
