from __future__ import annotations

import pathlib

import pytest

from tests.data.corpus import settings, write_corpus


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder)
    return folder


@pytest.fixture(scope="session")
def prepared(corpus: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    from tfse.data.preparation.prepare import prepare

    folder = tmp_path_factory.mktemp("prepared") / "pcm16"
    prepare(settings(corpus, folder))
    return folder
