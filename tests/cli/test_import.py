"""Program `tfse-import`: a result, and bad input."""

import hashlib
import json
import zipfile

import numpy as np
import onnx
import pytest
import soundfile

import tfse
from tests.cli.programs import messages, run_python
from tests.importing.dpcrn_reference import Reference
from tests.importing.hdf5_writer import keras_weights
from tests.importing.torch_writer import call, torch_zip

# Programs take seconds to import Keras: all commands run in one process.
RUN_ALL = """
import json, sys
from tfse.cli import import_weights
for arguments in json.loads(sys.argv[1]):
    sys.argv = ["tfse-import", *arguments]
    try:
        import_weights.entry_point()
    except SystemExit as end:
        print("exit", end.code, flush=True)
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Returns a folder: `dpcrn.h5`, `noisy.wav`, what the original made of it, a foreign one."""
    folder = tmp_path_factory.mktemp("published")
    noisy = 0.3 * np.random.default_rng(1).standard_normal((1, 7_200)).astype(np.float32)
    reference = Reference()
    enhanced = reference(noisy)
    (folder / "dpcrn.h5").write_bytes(keras_weights(reference.saved))
    foreign = enhanced[:, ::-1]
    for name, samples in (("noisy", noisy), ("enhanced", enhanced), ("foreign", foreign)):
        soundfile.write(folder / f"{name}.wav", samples[0], 16_000, "FLOAT")
    return folder


def run(commands):
    """Returns exit codes, and lines on stderr, of the program."""
    ended = run_python("-c", RUN_ALL, json.dumps(commands))
    codes = [int(line.split()[1]) for line in ended.stdout.splitlines() if line[:5] == "exit "]
    return codes, messages(ended.stderr), ended.stdout


def test_import_and_bad_input_which_is_one_line_and_writes_nothing(weights, tmp_path):
    content = (weights / "dpcrn.h5").read_bytes()
    other = onnx.helper.make_node("Relu", ["x"], ["y"])
    graph = onnx.helper.make_graph([other], "other", [], [])
    ran = tmp_path / "ran"
    files = {
        "truncated.h5": (content[:-300], "HDF5 is damaged"),
        "code.pth": (torch_zip({"x": call("os", "system", f"touch {ran}")}), "call 'os.system'"),
        "other.onnx": (onnx.helper.make_model(graph).SerializeToString(), "of none of the models"),
        "page.h5": (b"<html>Not found</html>", "a text that starts with '<html>"),
    }
    for name, (bytes_of, _) in files.items():
        (tmp_path / name).write_bytes(bytes_of)
    with zipfile.ZipFile(tmp_path / "up.zip", "w") as archive:
        archive.writestr("../up.onnx", b"")
    expected = [message for _, message in files.values()] + ["outside the folder", "no such file"]
    names = [*files, "up.zip", "absent"]
    target = tmp_path / "out" / "model.keras"
    end = [f"--to={target}", "--licence=none", "--check="]
    commands = [[f"--from={tmp_path / name}", *end] for name in names]
    good = f"--from={weights}/dpcrn.h5"
    usage = {
        "--to": [good, *end, f"--to={tmp_path / 'model.h5'}"],
        "two recordings": [good, *end, "--check=a.wav"],
        "none stated by the authors": [good, *end, "--licence="],
        "must be one of": [good, *end, "--model=nothing"],
    }
    imported = tmp_path / "new" / "dpcrn.keras"
    success = [good, f"--to={imported}", "--licence=of the tests", "--model=auto"]
    success.append(f"--check={weights}/noisy.wav,{weights}/enhanced.wav")
    low = [*success, f"--to={tmp_path}/low.keras", "--overwrite"]
    low.append(f"--check={weights}/noisy.wav,{weights}/foreign.wav")
    (tmp_path / "low.keras").write_text("replaced")
    codes, errors, printed = run([*commands, *usage.values(), success, low])
    assert codes == [1] * len(names) + [2] * len(usage) + [0, 1]
    warning = "WARNING: the parity is below 40 dB"
    for line, message in zip(errors, [*expected, *usage, warning], strict=True):
        assert message in line, line
    assert not ran.exists()
    assert not list(tmp_path.glob("out/*"))
    _check_result(imported, weights / "dpcrn.h5", printed)
    assert warning in (tmp_path / "low.md").read_text(encoding="utf-8")
    assert warning not in imported.with_suffix(".md").read_text(encoding="utf-8")
    assert "not used: no runtime is known for dpcrn files" in printed
    assert tfse.load(tmp_path / "low.keras").hop_length == 16


def test_bad_recordings_and_targets_are_refused_before_the_import(weights, tmp_path):
    rng = np.random.default_rng(2)
    noise = 0.1 * rng.standard_normal(7_200)
    recordings = {
        "silent": (0 * noise, 16_000, "is silent"),
        "nan": (np.where(noise > 0.2, np.nan, noise), 16_000, "NaN"),
        "short": (noise[:5_000], 16_000, "same length"),
        "other_rate": (noise, 8_000, "must be mono at"),
        "stereo": (np.stack([noise, noise], 1), 16_000, "2 channels"),
    }
    for name, (samples, rate, _) in recordings.items():
        soundfile.write(tmp_path / f"{name}.wav", samples, rate, "FLOAT")
    expected = [message for *_, message in recordings.values()] + ["there is no such file"]
    (tmp_path / "card.md").mkdir()
    (tmp_path / "folder.keras").mkdir()
    for name in ("README.md", "old.keras"):
        (tmp_path / name).write_text("kept")
    targets = {
        "card.md is a folder": "card",
        "folder.keras is a folder": "folder",
        "README.md already exists": "README",
        "old.keras already exists": "old",
    }
    # The file with weights does not exist: nothing below gets as far as to read it.
    absent = [f"--from={tmp_path}/absent", "--licence=none", f"--to={tmp_path}/x.keras"]
    noisy = weights / "noisy.wav"
    commands = [
        *[[*absent, f"--check={noisy},{tmp_path}/{n}.wav"] for n in (*recordings, "absent")],
        *[[*absent, f"--check={tmp_path}/{n}.wav,{noisy}"] for n in (*recordings, "absent")],
    ]
    usage = {
        **{text: [*absent, f"--to={tmp_path}/{name}.keras"] for text, name in targets.items()},
        "`--from` must name": [*absent, "--from="],
        "must be one line": [*absent, "--licence=MIT\n# Heading"],
        "Only flags are taken": [*absent, "file.pt"],
    }
    # Flags that are missing are so only in the first run of a process.
    usage = {"`--from` and `--to` must be given": ["file.pt", "x.keras"], **usage}
    codes, errors, _ = run([*usage.values(), *commands])
    assert codes == [2] * len(usage) + [1] * len(commands)
    for line, message in zip(errors, [*usage, *expected, *expected], strict=True):
        assert message in line, line
    assert sorted(path.name for path in tmp_path.glob("*.keras")) == ["folder.keras", "old.keras"]
    assert (tmp_path / "README.md").read_text() == "kept"


def _check_result(target, source, printed):
    card = target.with_suffix(".md").read_text(encoding="utf-8")
    assert hashlib.sha256(source.read_bytes()).hexdigest() in card
    assert "of the tests" in card
    for text in (card, printed):
        assert float(text.partition("SNR ")[2].split()[0]) > 80
    assert tfse.load(target).hop_length == 16
