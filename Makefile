# `make demo` and `make test` need Python 3.11 and make, and set up all else.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# What `demo` needs, and what all else does.
DEMO := $(VENV)/.demo
READY := $(VENV)/.ready

.PHONY: demo test lint docs clean

# Enhances the example recording: demo_output/ gets the enhanced file and a picture.
demo: $(DEMO)
	$(BIN)/python demo/demo.py

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist=loadfile

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The documentation in build/docs/; a broken link is an error.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# pip shows what it fetches: TensorFlow alone takes minutes.
$(DEMO): setup.py pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip setuptools wheel
	$(BIN)/pip install -e '.[demo]'
	touch $@

$(READY): $(DEMO)
	$(BIN)/pip install -e '.[test]'
	touch $@

clean:
	rm -rf $(VENV) demo_output build *.egg-info
