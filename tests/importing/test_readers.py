"""Readers of published files: what they return, and what they refuse in one line."""

import gzip
import io
import pathlib
import tarfile
import zipfile

import h5py
import numpy as np
import onnx
import pytest

from tests.importing.hdf5_writer import keras_weights
from tests.importing.torch_writer import call, torch_zip
from tfse.errors import ModelError
from tfse.importing.readers import limits, read_source

HERE = pathlib.Path(__file__).parent
ARRAYS = {
    "conv.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "steps": np.asarray(3, np.int64),
}


def read(folder, content, name="file"):
    path = folder / name
    path.write_bytes(content)
    return read_source(path)


def refused(folder, content):
    with pytest.raises(ModelError) as error:
        read(folder, content)
    assert "\n" not in str(error.value)
    return str(error.value)


def onnx_model(constant=2.0):
    node = onnx.helper.make_node(
        "Constant", [], ["c"], value=onnx.numpy_helper.from_array(np.float32([constant]))
    )
    conv = onnx.helper.make_node("Conv", ["x", "w"], ["y"], strides=[1, 2], auto_pad="SAME_UPPER")
    weights = onnx.numpy_helper.from_array(np.ones((2, 2, 1, 3), np.float32), "w")
    return onnx.helper.make_model(
        onnx.helper.make_graph([node, conv], "graph", [], [], initializer=[weights])
    )


def zipped(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def tarred(members):
    """Returns a TAR of contents, or of `TarInfo`s without one."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in members.items():
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            if info is not content:
                info.size = len(content)
            archive.addfile(info, None if info is content else io.BytesIO(content))
    return file.getvalue()


def equal(arrays, expected):
    assert list(arrays) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype


# === PyTorch ===


@pytest.mark.parametrize("saved", ["strided.pt", "strided_legacy.pt"])
def test_tensors_of_pytorch(saved):
    """`strided.pt` and `strided_legacy.pt` were saved by PyTorch 2.14.

    `base = torch.arange(24.0).reshape(4, 6)`; `{"a": base.t(), "b": base[1:3, ::2], "bf":
    base.bfloat16()}`, and in the format of today also `"h": base.half()`, `"i":
    torch.arange(3)`, `"bo": torch.tensor([True, False])`, `"s": torch.tensor(2.5)`, `"p":
    torch.nn.Parameter(base)` and `"e": torch.zeros(0, 3)`.
    """
    base = np.arange(24, dtype=np.float32).reshape(4, 6)
    expected = {"a": base.T, "b": base[1:3, ::2], "bf": base}
    if saved == "strided.pt":
        expected["h"] = base.astype(np.float16)
        expected |= {"i": np.arange(3), "bo": np.asarray([True, False])}
        expected |= {"s": np.float32(2.5), "p": base, "e": np.zeros((0, 3), np.float32)}
    (part,) = read_source(HERE / saved).parts
    assert part.kind == "torch"
    equal({name: part.arrays[name] for name in expected}, expected)
    assert set(part.arrays) == set(expected)


@pytest.mark.parametrize(
    "saved",
    [
        ARRAYS,
        {"epoch": 3, "model": ARRAYS, "optim": {"state": {"exp_avg": np.zeros(9, np.float32)}}},
        {"model": {"state": {f"module.{name}": array for name, array in ARRAYS.items()}}},
        {"state_dict": {"conv": {"weight": ARRAYS["conv.weight"]}, "steps": ARRAYS["steps"]}},
    ],
)
def test_state_dict_in_a_checkpoint(tmp_path, saved):
    (part,) = read(tmp_path, torch_zip(saved)).parts
    equal(part.arrays, ARRAYS)


def test_reference_to_a_class_stays_a_name(tmp_path):
    class_alone = call("denoiser.demucs", "Demucs").rsplit(b"\n", 1)[0] + b"\n"
    saved = {"class": type(call("a", "b"))(class_alone), "state": ARRAYS}
    equal(read(tmp_path, torch_zip(saved)).parts[0].arrays, ARRAYS)


def test_pickle_that_runs_code_is_refused(tmp_path):
    target = tmp_path / "ran"
    saved = {"state": ARRAYS, "x": call("os", "system", f"touch {target}")}
    assert "call 'os.system'" in refused(tmp_path, torch_zip(saved))
    assert not target.exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[:-200], "ZIP is damaged"),
        (lambda content: content.replace(b"conv.weight", b"conv.height"), "is damaged"),
        (lambda content: (HERE / "strided_legacy.pt").read_bytes()[:-10], "must have"),
        (lambda content: (HERE / "strided_legacy.pt").read_bytes()[:150], "pickle is damaged"),
        (lambda content: torch_zip({"epoch": 3}), "no tensors"),
        (lambda content: torch_zip({"x": call("torch._utils", "_rebuild_tensor_v2", 1)}), "damag"),
    ],
)
def test_damaged_pytorch_files_are_refused(tmp_path, damage, message):
    assert message in refused(tmp_path, damage(torch_zip(ARRAYS)))


def test_tensor_larger_than_its_storage_is_refused(tmp_path):
    content = zipfile.ZipFile(io.BytesIO(torch_zip({"a": np.zeros((7, 9), np.float32)})))
    members = {name: content.read(name) for name in content.namelist()}
    seven, many = b"\x07" + b"\0" * 7, b"\x07\xff\xff" + b"\0" * 5
    members["archive/data.pkl"] = members["archive/data.pkl"].replace(seven, many)
    assert "reaches out" in refused(tmp_path, zipped(members))


# === ONNX and HDF5 ===


def test_graph_of_onnx(tmp_path):
    (part,) = read(tmp_path, onnx_model().SerializeToString()).parts
    assert part.kind == "onnx"
    equal(part.arrays, {"w": np.ones((2, 2, 1, 3), np.float32), "c": np.float32([2.0])})
    assert [node.op for node in part.nodes] == ["Constant", "Conv"]
    assert part.nodes[1].inputs == ("x", "w")
    assert part.nodes[1].attributes == {"strides": (1, 2), "auto_pad": "SAME_UPPER"}


def test_onnx_with_external_data_is_refused(tmp_path):
    model = onnx_model()
    (tensor,) = model.graph.initializer
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    assert "in another file" in refused(tmp_path, model.SerializeToString())


def test_truncated_onnx_is_refused(tmp_path):
    assert "ONNX graph is damaged" in refused(tmp_path, onnx_model().SerializeToString()[:-30])


def test_hdf5_in_the_order_of_keras(tmp_path):
    names = [f"{x}/{x}/{y}:0" for x in ("conv_10", "conv_9") for y in ("kernel", "bias")]
    arrays = {name: np.full((2, 3), n, np.float32) for n, name in enumerate(names)}
    (part,) = read(tmp_path, keras_weights(arrays)).parts
    assert part.kind == "hdf5"
    equal(part.arrays, arrays)


def test_hdf5_with_links_or_cut_off_is_refused(tmp_path):
    file = io.BytesIO()
    with h5py.File(file, "w") as root:
        root["weights"] = h5py.ExternalLink("/etc/other.h5", "/a")
    assert "is a link" in refused(tmp_path, file.getvalue())
    assert "HDF5 is damaged" in refused(tmp_path, keras_weights({"a/b": np.zeros(9)})[:-100])


def test_hdf5_of_a_huge_declared_size_is_refused(tmp_path):
    file = io.BytesIO()
    with h5py.File(file, "w") as root:
        root.create_dataset("a", (1 << 40,), "f4", chunks=(1 << 10,))
    assert "more than" in refused(tmp_path, file.getvalue())


# === Archives and folders ===


def test_archives_and_folders_are_opened(tmp_path):
    files = {
        "export/enc.onnx": onnx_model().SerializeToString(),
        "export/config.ini": b"[df]\nsr=48000\n",
        "export/picture": b"\x89PNG\0\0",
    }
    expected = [("export/config.ini", "text"), ("export/enc.onnx", "onnx")]
    for content in (zipped(files), tarred(files), gzip.compress(tarred(files))):
        parts = read(tmp_path, content).parts
        assert sorted((part.name, part.kind) for part in parts) == expected
    folder = tmp_path / "folder"
    (folder / "export").mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    source = read_source(folder)
    assert sorted((part.name, part.kind) for part in source.parts) == expected
    assert source.of_kind("text")[0].text == "[df]\nsr=48000\n"


def test_checkpoint_named_tar_is_a_pytorch_file(tmp_path):
    assert read(tmp_path, torch_zip(ARRAYS), "best_model.tar").parts[0].kind == "torch"


def _link():
    info = tarfile.TarInfo("weights")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return info


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped({"../evil.onnx": b"x"}), "outside the folder"),
        (zipped({"/etc/evil.onnx": b"x"}), "outside the folder"),
        (zipped({"..\\evil.onnx": b"x"}), "outside the folder"),
        (tarred({"a/../../evil": b"x"}), "outside the folder"),
        (tarred({"weights": _link()}), "no regular file"),
        (tarred({"weights": b"x" * 2000})[:1500], "TAR is damaged"),
        (gzip.compress(tarred({"weights": b"x" * 2000}))[:-20], "gzip is damaged"),
        (zipped({"a": b"x", "b": zipped({"../c": b""})}), "in file: b: its member"),
        (b"", "an empty file"),
        (b"\x00\x01\x02 something", "something else"),
        (b"<!DOCTYPE html>", "a text that starts with '<!DOCTYPE html>'"),
        (zipped({"readme": b"\0"}), "something else"),
    ],
    # Not of the contents: those of gzip contain the time, and workers must agree on names.
    ids=range(12),
)
def test_other_files_are_refused(tmp_path, content, message):
    assert message in refused(tmp_path, content)


def test_bombs_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(limits.Budget.__init__, "__defaults__", (100_000,))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(1_000_000))
    assert "more than" in refused(tmp_path, file.getvalue())
    assert "more than" in refused(tmp_path, gzip.compress(bytes(1_000_000)))


def test_folder_without_weights_is_refused(tmp_path):
    (tmp_path / "readme").write_text("text")
    with pytest.raises(ModelError, match="a folder without one"):
        read_source(tmp_path)
