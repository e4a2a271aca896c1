"""Verifies exports of a model: one table, every form against the offline Keras model.

    python export/verify.py --model=dpcrn_small --data_dir=prepared --exports=served,lite

Rows: the Keras model offline and streamed hop by hop, the SavedModel (`enhance`
and `step`) and every TFLite file under --exports that was made of this model.
Columns: size, largest difference of a sample, output SNR against offline (dB),
changes of PESQ, STOI and SI-SDR, time a step with one thread, real-time factor,
peak memory of the process, and the verdict. Without --exports, all forms are
made in a temporary folder. Exit 0 if all pass, 1 if one fails, 2 for bad usage.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from tfse.cli import program, verification

if TYPE_CHECKING:
    from tfse.models import EnhancementModel

flags.adopt_module_key_flags(verification)
_EXPORTS = flags.DEFINE_list("exports", [], "SavedModels, .tflite files, and folders of them.")


def main(arguments: Sequence[str]) -> int:
    """Verifies."""
    from tfse.exporting import forms

    verification.check_recordings()
    model = verification.load_model()
    with tempfile.TemporaryDirectory(prefix="tfse-exports-") as folder:
        places = _EXPORTS.value or [_all_forms(model, folder)]
        chosen = [*forms.of_keras(verification.MODEL.value), *forms.found_in(places, model)]
        return program.DONE if verification.verify(chosen, model.sample_rate) else program.FAILED


def _all_forms(model: EnhancementModel, folder: str) -> str:
    from tfse.exporting.calibration import training_mixtures
    from tfse.exporting.number_formats import CALIBRATED, FORMATS
    from tfse.exporting.saved_model import export_saved_model
    from tfse.exporting.tflite import export_tflite

    export_saved_model(model, folder)
    data_dir = verification.DATA_DIR.value
    formats = [name for name in FORMATS if data_dir or name not in CALIBRATED]
    calibration = training_mixtures(data_dir, model.sample_rate) if data_dir else ()
    for outcome in export_tflite(model, folder, formats, calibration=calibration):
        if outcome.reason:
            print(f"{outcome.number_format}: {outcome.reason}", file=sys.stderr)
    return folder


if __name__ == "__main__":
    program.run(main, __doc__)
