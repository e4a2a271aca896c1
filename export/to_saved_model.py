"""Export of a model as a verified SavedModel for servers.

    python export/to_saved_model.py --model=dpcrn_small --output_dir=served --data_dir=prepared

writes served/dpcrn_small/1/ with the signatures `enhance` (= serving_default),
`step` and `initial_state`; it runs with TensorFlow and without tfse. See
export/serving/ for a server. Exit code: 0 if the export is equal within its limits,
1 if not, 2 for bad usage.
"""

from __future__ import annotations

from collections.abc import Sequence

from absl import flags

from tfse.cli import program, verification

flags.adopt_module_key_flags(verification)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder of the export.", required=True)
_VERSION = flags.DEFINE_integer("version", 1, "Number of the version; servers use the highest.")


def main(arguments: Sequence[str]) -> int:
    """Exports and verifies."""
    from tfse.exporting.saved_model import export_saved_model
    from tfse.exporting.verification import variants

    verification.check_recordings()
    model = verification.load_model()
    folder = export_saved_model(model, _OUTPUT_DIR.value, _VERSION.value)
    print(f"{folder}: written.")
    chosen = [*variants.of_keras(verification.MODEL.value), *variants.of_saved_model(folder)]
    return program.DONE if verification.verify(chosen, model.sample_rate) else program.FAILED


if __name__ == "__main__":
    program.run(main, __doc__)
