"""Examples of the docstrings and of the documentation, run as a reader would."""

from __future__ import annotations

import doctest
import importlib
import json
import pathlib
import re

import numpy as np
import pytest
import soundfile

from tests import contracts, instances

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
WITH_CODE = [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))]
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted(ROOT.glob("tfse/**/*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.fixture(autouse=True)
def recordings(tmp_path, monkeypatch):
    """Works in a folder with `noisy.wav`, and a folder `takes` with one more."""
    noisy = 0.1 * np.random.default_rng(0).standard_normal(16_000)
    soundfile.write(tmp_path / "noisy.wav", noisy, 16_000)
    (tmp_path / "takes").mkdir()
    soundfile.write(tmp_path / "takes" / "a.wav", noisy, 16_000)
    monkeypatch.chdir(tmp_path)
    return noisy.astype(np.float32)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings_print_what_they_say(name, recordings):
    from tfse.layers import initial_state, stream_step
    from tfse.streaming import StreamingEnhancer, open_step

    model = instances.MODELS["lstm_irm"]()
    context = {
        "StreamingEnhancer": StreamingEnhancer,
        "open_step": open_step,
        "stream_step": stream_step,
        "model": model,
        "state": initial_state(model),
        "block": np.zeros((1, model.hop_length), np.float32),
        "noisy": recordings,
        "np": np,
    }
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    found = [t for t in doctest.DocTestFinder().find(module, name) if t.examples]
    assert found
    for test in found:
        test.globs = {**context, **vars(module)}
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.stem)
def test_code_blocks_of_a_page_run_from_top_to_bottom(page):
    names: dict[str, object] = {}
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        exec(compile(block, str(page), "exec"), names)


def test_the_layer_of_the_guide_passes_the_battery():
    names: dict[str, object] = {}
    text = (ROOT / "docs" / "how-to" / "add-a-model.md").read_text(encoding="utf-8")
    exec(next(block for block in BLOCK.findall(text) if "FrameDifference" in block), names)
    layer = names["FrameDifference"]()
    x = instances.random(2, 12, 4)
    layer.build(x.shape)
    contracts.check_streaming_layer(layer, x)


def test_pages_show_the_names_that_ship():
    import tfse

    text = (ROOT / "docs" / "get-started.md").read_text(encoding="utf-8")
    assert f"tfse.pretrained_names()  # {tfse.pretrained_names()}" in text


def test_the_notebook_runs_from_top_to_bottom(monkeypatch):
    monkeypatch.chdir(ROOT)
    notebook = json.loads((ROOT / "docs/notebooks/tour.ipynb").read_text(encoding="utf-8"))
    names: dict[str, object] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "tour.ipynb", "exec"), names)
