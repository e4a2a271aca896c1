import pathlib

import pytest

from tests.data.corpus import settings, write_corpus
from tests.tools.programs import CONFIG
from tfse.data.config import DataConfig
from tfse.data.preparation.prepare import prepare
from tools.jax_training.packing import PackSettings, pack
from tools.jax_training.unpacking import unpack

PACK = PackSettings(part_mb=0.65, kbps=38, chunk_s=1.5, valid_mixtures=3)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("jax_training")
    write_corpus(folder / "corpus")
    prepare(settings(folder / "corpus", folder / "prepared"))
    return folder / "prepared"


@pytest.fixture(scope="session")
def packed(prepared) -> pathlib.Path:
    folder = prepared.parent / "packed"
    pack(prepared, folder, DataConfig(segment_s=0.5), PACK)
    return folder


@pytest.fixture(scope="session")
def store(packed) -> pathlib.Path:
    folder = packed.parent / "store"
    unpack(packed, folder, threads=2)
    return folder


@pytest.fixture(scope="session")
def config(prepared) -> pathlib.Path:
    path = prepared.parent / "config.py"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> pathlib.Path:
    """A folder of compiled programs, so that one training compiles for all."""
    return tmp_path_factory.mktemp("cache")
