# `make demo` and `make test` need Python 3.11 and make, and set up all else.
# `make test-newest` takes the newest Python that it finds.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# What `demo` needs, and what all else does.
DEMO := $(VENV)/.demo
READY := $(VENV)/.ready
# The newest TensorFlow, Keras and NumPy that setup.py admits; pyenv needs the variable.
NEWEST := .venv-newest
NEWEST_PYTHON = $(shell for python in python3.13 python3.12 $(PYTHON); do \
	PYENV_VERSION=$${python#python} $$python -c 'import sys; print(sys.executable)' 2>/dev/null && break; done)

.PHONY: demo test test-newest lint docs clean

# Enhances the example recording: demo_output/ gets the enhanced file and a picture.
demo: $(DEMO)
	$(BIN)/python demo/demo.py

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist=loadfile

test-newest: $(NEWEST)/.ready
	$(NEWEST)/bin/pip list | grep -iE '^(keras|numpy|tensorflow|ai-edge-litert) '
	$(NEWEST)/bin/python -m pytest -n auto --dist=loadfile -k 'not other_models and not two_replicas' tests/layers tests/models/test_models.py \
		tests/exporting/test_tflite.py tests/exporting/test_saved_model.py tests/streaming/test_keras_step.py \
		tests/streaming/test_exported_steps.py tests/data/test_audio_record.py tests/training/test_stepper.py

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
	$(BIN)/pip install -e '.[demo,io]'
	touch $@

$(READY): $(DEMO)
	$(BIN)/pip install -e '.[test]'
	touch $@

$(NEWEST)/.ready: setup.py pyproject.toml
	$(NEWEST_PYTHON) -m venv $(NEWEST)
	$(NEWEST)/bin/pip install --quiet --upgrade pip setuptools wheel
	$(NEWEST)/bin/pip install -e '.[test-newest]'
	touch $@

clean:
	rm -rf $(VENV) $(NEWEST) demo_output build *.egg-info
