"""Hostile files: each is refused in one short line, in little time and memory."""

import io
import os
import pathlib
import pickle
import struct
import zipfile

import h5py
import numpy as np
import onnx
import pytest

from tests.importing.hdf5_writer import keras_weights
from tests.importing.torch_writer import call, torch_zip
from tfse import models
from tfse.errors import ConfigError, ModelError
from tfse.importing.import_weights import import_weights
from tfse.importing.originals import fastenhancer
from tfse.importing.originals.deepfilternet3_settings import settings_of
from tfse.importing.readers import limits, read_source
from tfse.importing.sizes import check_settings
from tfse.importing.source import ArrayPool, Conversion, Importer, Part, Source, require_broadcast

ARRAYS = {"weight": np.ones((2, 3), np.float32)}
# As in PyTorch's files: the number that starts the old format, and pickled values.
MAGIC, PROTOCOL = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e"), pickle.dumps(1001, 2)
SYSTEM, NOTHING = pickle.dumps({"little_endian": True}, 2), pickle.dumps({}, 2)
# A tuple of itself twice, 34 times over.
DEEP = b")" + 34 * b"q\0h\0\x86"


def refusal(path, content=None):
    """Returns the message on a file, which every refusal keeps short and on one line."""
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError) as error:
        import_weights(path)
    message = str(error.value)
    assert len(message) < 1100 + len(str(path))
    assert message.isprintable()
    assert path.name in message
    return message


def pickled(operations, storage=b""):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + operations + b".")
        archive.writestr("archive/data/0", storage)
    return file.getvalue()


def tensor(count, shape, strides):
    """Returns the pickle of a tensor whose sizes may be wrong."""
    whole, floats = (lambda x: b"\x8a\x08" + struct.pack("<q", x)), b"ctorch\nFloatStorage\n"
    storage = b"(" + text("storage") + floats + text("0") + text("cpu") + whole(count) + b"tQ"
    sizes = b"".join(b"(" + b"".join(map(whole, each)) + b"t" for each in (shape, strides))
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\0" + sizes + b"\x89}tR"


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


# === PyTorch ===


def test_keys_that_take_forever_to_compare_are_refused(tmp_path):
    one = tensor(1, [1], [1])
    files = [
        b"ccollections\nOrderedDict\n](" + DEEP + b"K\1\x86e\x85R",
        b"(" + text("storage") + b"ctorch\nFloatStorage\n" + DEEP + text("cpu") + b"K\1tQ",
        b"}" + DEEP + one + b"s",
        b"}\x8b" + struct.pack("<i", 4000) + b"\x7f" * 4000 + one + b"s",
        b"}" + text("k" * 2000) + one + b"s",
    ]
    for content in files:
        refusal(tmp_path / "file", pickled(content, bytes(4)))
    refusal(tmp_path / "file", MAGIC + PROTOCOL + SYSTEM + NOTHING + b"\x80\2](" + DEEP + b"e.")


def test_containers_handed_to_many_calls_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tfse.importing.readers.pickle_machine.MAX_PICKLE_OPERATIONS", 2000)
    pairs = b"](" + 100 * (text("a") + b"N\x86") + b"e\x85q\0"
    calls = 50 * b"ccollections\nOrderedDict\nh\0R0"
    assert "larger than any" in refusal(tmp_path / "file", pickled(pairs + calls))


@pytest.mark.parametrize(
    ("count", "shape", "strides"),
    [(0, [0, 1 << 40, 1 << 40], [1] * 3), (1, [1], [1 << 61]), (0, [1 << 40, 0], [1, 1])],
)
def test_tensors_of_impossible_sizes_are_refused(tmp_path, count, shape, strides):
    content = pickled(b"}" + text("a") + tensor(count, shape, strides) + b"s", bytes(4 * count))
    refusal(tmp_path / "file", content)


@pytest.mark.parametrize("values", [(5, {}), ({}, 5), ({}, {}, 5), ({}, {}, [[1]])])
def test_old_files_of_other_values_are_refused(tmp_path, values):
    refusal(tmp_path / "f", MAGIC + PROTOCOL + b"".join(pickle.dumps(each, 2) for each in values))


def test_objects_beside_weights_are_inert(tmp_path):
    class Settings:
        """Class that only the training knows."""

        def __init__(self):
            self.rate = 1

    Settings.__qualname__ = Settings.__name__ = "name"
    beside = type(call("a", "b"))(b"cthe.training\nSettings\n)\x81}" + text("rate") + b"K\1sb")
    saved = {
        "model": ARRAYS,
        "rng": np.zeros(3, np.int64),
        "args": beside,
        "namespace": call("argparse", "Namespace"),
        "path": call("pathlib", "PosixPath", "a"),
        "numpy": call("numpy.core.multiarray", "_reconstruct", 0),
        "set": call("__builtin__", "set"),
    }
    path = tmp_path / "file"
    path.write_bytes(torch_zip(saved))
    (part,) = read_source(path).parts
    assert list(part.arrays) == ["weight"]
    whole = type(beside)(b"cthe.training\nNetwork\n)\x81")
    assert "whole object of the class 'the.training.Network'" in refusal(path, torch_zip(whole))


# === HDF5, ONNX and archives ===


def test_lists_of_keras_open_no_links(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    path = tmp_path / "file.h5"
    with h5py.File(path, "w") as file:
        weights = file.create_group("model_weights")
        weights["a/kernel:0"] = np.ones(3, np.float32)
        weights.attrs["layer_names"] = [b"/evil", b"a"]
        file["evil"] = h5py.ExternalLink(str(tmp_path / "pipe"), "/")
    assert list(read_source(path).parts[0].arrays) == ["a/kernel:0"]


def onnx_of(nodes=(), arrays=()):
    graph = onnx.helper.make_graph(list(nodes), "graph", [], [], list(arrays))
    return onnx.helper.make_model(graph).SerializeToString()


def test_odd_onnx_is_refused(tmp_path):
    constant = onnx.helper.make_node("Constant", [], ["x"], value_int=1)
    del constant.output[:]
    refusal(tmp_path / "file", onnx_of([constant]))
    for kind in (onnx.TensorProto.FLOAT8E4M3FN, 99):
        odd = onnx.TensorProto(name="w", data_type=kind, dims=[2], raw_data=bytes(3))
        refusal(tmp_path / "file", onnx_of(arrays=[odd]))
    for length in (500, 5000):
        named = onnx.numpy_helper.from_array(np.ones((3, 3)), f"lstm_{'9' * length}/kernel")
        refusal(tmp_path / "file", onnx_of(arrays=[named]))


def test_odd_members_of_a_zip_are_refused(tmp_path):
    def archive(name, method):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as opened:
            opened.writestr(name, b"some bytes to compress")
        return file.getvalue()

    lzma = bytearray(archive("data", zipfile.ZIP_LZMA))
    start = lzma.find(b"data") + len("data")
    # Properties of the compression.
    lzma[start + 4] = 0xFF
    assert "is damaged" in refusal(tmp_path / "file", bytes(lzma))
    nameless = archive("x", zipfile.ZIP_STORED).replace(b"\1\0\0\0x", b"\0\0\0\0x")
    nameless = nameless.replace(b"x\0", b"\0\0")
    refusal(tmp_path / "file", nameless)


# === Files that are none ===


def test_pipes_and_devices_are_refused_unopened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", pathlib.Path("/dev/zero")):
        assert "regular file or a folder" in refusal(path)


def test_file_longer_than_its_stated_size_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(limits.Budget.__init__, "__defaults__", (1000,))
    assert "more than" in refusal(tmp_path / "file", torch_zip({"a": np.zeros(1000, np.float32)}))


def test_names_of_files_are_escaped(tmp_path):
    path = tmp_path / "two\nlines"
    with pytest.raises(ModelError) as error:
        (path.write_bytes(b"PK\3\4"), import_weights(path))
    assert "two\\nlines: its ZIP is damaged" in str(error.value)
    path.write_bytes(torch_zip(ARRAYS))
    assert list(import_weights(path, importers=[TINY]).sha256) == ["two\\nlines"]


# === Sizes and settings ===

CONFIG = models.LSTMIRMConfig(
    name="tiny", units=(4,), frame_length=64, hop_length=32, fft_length=64
)


def _conversion(source):
    model = models.build(CONFIG)
    return Conversion(CONFIG, {weight.path: np.zeros(weight.shape) for weight in model.weights})


def _is_tiny(source):
    return len(source.parts) == 1 and "weight" in source.parts[0].arrays


TINY = Importer("tiny", "the tests", "none", _is_tiny, _conversion)


def with_config(**settings):
    """Returns an importer of a few numbers that states other sizes."""
    config = models.LSTMIRMConfig(**{**vars(CONFIG), **settings})
    weights = {"weight": np.zeros(3, np.float32)}
    return Importer("odd", "", "", lambda source: True, lambda source: Conversion(config, weights))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"units": (20_000, 20_000)}, "those of a larger model"),
        ({"units": (1 << 40,)}, "`units` must be from"),
        ({"units": (-1,)}, "`units` must be from"),
        ({"fft_length": 96_000_000}, "`fft_length` must be from"),
        ({"hop_length": 0}, "`hop_length` must be from"),
        ({"sample_rate": 0}, "`sample_rate` must be from"),
    ],
)
def test_sizes_are_checked_before_memory_is_taken(tmp_path, settings, message):
    path = tmp_path / "file"
    path.write_bytes(torch_zip(ARRAYS))
    with pytest.raises(ModelError, match=message):
        import_weights(path, importers=[with_config(**settings)])
    assert models.build(CONFIG).count_params() > 0


def test_nan_in_a_setting_is_refused():
    with pytest.raises(ModelError, match="`dc_time_s`"):
        check_settings(models.LSTMIRMConfig(dc_time_s=float("nan")))


def test_arrays_are_not_broadcast_to_larger_ones():
    with pytest.raises(ModelError, match="do not belong together"):
        require_broadcast(np.ones((1000, 1)), np.ones(1000))
    require_broadcast(np.ones((3, 2)), np.ones((3, 1)))


def test_complex_arrays_are_refused(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(torch_zip(ARRAYS))

    def convert(source):
        weights = dict(_conversion(source).weights)
        return Conversion(CONFIG, weights | {name: weights[name] + 1j for name in [*weights][:1]})

    with pytest.raises(ModelError, match="no real numbers in"):
        import_weights(path, importers=[Importer("tiny", "", "", _is_tiny, convert)])


def ini(content):
    return Source((Part("config.ini", "text", b"", text=content),))


@pytest.mark.parametrize(
    "content",
    [
        "garbage\n[df\nx",
        "[df]\n[df]\n",
        "[df]\nsr = %(sr)s",
        "[df]\nhop_size = abc",
        "[df]\nhop_size = 0",
        "[df]\nfft_size = 96000000",
        "[df]\nnorm_tau = nan",
        "[deepfilternet]\nconv_lookahead = -1",
        f"[df]\nsr = {'9' * 5000}",
    ],
    ids=range(9),
)
def test_settings_of_a_config_file_are_checked(content):
    with pytest.raises(ModelError, match=r"config\.ini") as error:
        settings_of(ini(content))
    assert "\n" not in str(error.value)


def test_settings_of_a_config_file_are_read():
    settings = settings_of(ini("[df]\nsr = 16000\nhop_size = 240\nlsnr_min = -10"))
    assert (settings["sample_rate"], settings["hop_length"]) == (16_000, 240)
    assert settings["local_snr_db"] == (-10.0, 35.0)


@pytest.mark.parametrize("written", ["abc", "0", "9" * 20])
def test_settings_beside_a_checkpoint_are_checked(written):
    source = Source((Part("config.yaml", "text", b"", text=f"hop_size: {written}"),))
    with pytest.raises(ModelError, match="`hop_size` must be"):
        fastenhancer._number(source, "hop_size", 256)


# === Folders ===


def test_folder_is_read_at_any_depth_and_each_file_once(tmp_path):
    inner = tmp_path / "a" / "b" / "c"
    inner.mkdir(parents=True)
    (inner / "weights.pt").write_bytes(torch_zip(ARRAYS))
    (tmp_path / "again").symlink_to(inner / "weights.pt")
    (tmp_path / "self").symlink_to(tmp_path)
    (tmp_path / "nowhere").symlink_to(tmp_path / "absent")
    os.mkfifo(tmp_path / "pipe")
    assert len(read_source(tmp_path).parts) == 1


def test_damaged_file_of_a_folder_is_left_out(tmp_path):
    (tmp_path / "damaged.pt").write_bytes(b"PK\3\4")
    assert "damaged.pt: its ZIP" in refusal(tmp_path)
    (tmp_path / "weights.pt").write_bytes(torch_zip(ARRAYS))
    assert "damaged.pt: its ZIP" in import_weights(tmp_path, importers=[TINY]).source.refused[0]
    assert "Not read: " in refusal(tmp_path)


def test_folder_of_several_models(tmp_path):
    (tmp_path / "weights.pt").write_bytes(torch_zip(ARRAYS))
    (tmp_path / "other.h5").write_bytes(keras_weights({"conv/kernel:0": np.zeros(2)}))
    other = Importer("other", "", "", lambda s: s.parts[0].kind == "hdf5", _conversion)
    with pytest.raises(ConfigError, match="several models, tiny, other"):
        import_weights(tmp_path, importers=[TINY, other])
    assert list(import_weights(tmp_path, "tiny", [TINY, other]).sha256) == ["weights.pt"]
    (tmp_path / "more.pt").write_bytes(torch_zip(ARRAYS))
    with pytest.raises(ModelError, match=r"several models of tiny, more\.pt, weights\.pt"):
        import_weights(tmp_path, importers=[TINY])


def test_left_over_arrays_are_listed_in_short():
    with pytest.raises(ModelError, match=r"no place: 0, 1, 2, 3, 4 and 95 more\."):
        ArrayPool({str(number): np.zeros(1) for number in range(100)}).require_empty()
