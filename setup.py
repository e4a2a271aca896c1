"""Installs tfse and its command-line programs."""

from __future__ import annotations

import pathlib

import setuptools

REQUIREMENTS = [
    "absl-py>=2.1",
    # Runs TFLite files, the shipped models among them, without TensorFlow.
    "ai-edge-litert==2.3.*",
    "keras>=3.10,<3.16",
    "librosa>=0.10.2,<0.12",
    "ml-collections>=1.0",
    "mutagen>=1.46,<2",
    "numpy>=1.26,<3",
    "pesq==0.0.4",
    "pystoi>=0.4.1",
    "scipy>=1.11",
    "soundfile>=0.12.1",
    "soxr>=0.5,<2",
    "tensorboard>=2.17",
    "tensorflow>=2.17,<2.22",
    "tqdm>=4.66",
]

# tensorflow-io decodes FLAC records in the graph. TensorFlow 2.17 is the newest release on
# which its native operations load, and NumPy 1.26 is what both were compiled against.
IO = ["numpy>=1.26,<2", "tensorflow>=2.17,<2.18", "tensorflow-io==0.37.1"]

# Writes TFLite files in other number formats than float32.
TFLITE = ["ai-edge-quantizer==0.10.*"]

# Protocol buffers of TensorFlow Serving, for warm-up requests and gRPC clients.
SERVING = ["tensorflow-serving-api==2.17.*"]

# Image sources, for simulated rooms.
ROOMS = ["pyroomacoustics>=0.8,<0.11"]

# Writes shards on Flink, Spark or Dataflow.
BEAM = ["apache-beam==2.77.*"]

# Runs scorers in ONNX files.
ONNX = ["onnxruntime>=1.18"]

# Reads published weights in ONNX files; later ones need a newer ml_dtypes than TensorFlow.
IMPORT = ["onnx>=1.16,<1.18"]

# Keras on JAX: trains on an accelerator where TensorFlow is not (tools/jax_training).
# The last release series that was tried beside TensorFlow 2.17, which holds ml_dtypes back.
JAX = ["jax>=0.4.38,<0.5"]

# The documentation, with the API reference made from the docstrings.
DOCS = ["mkdocs>=1.6,<2", "mkdocs-material>=9.5,<10", "mkdocstrings[python]>=0.29,<2"]

# What only some users need; it is imported where it is used.
EXTRAS = {
    "beam": BEAM,
    "demo": ["matplotlib>=3.8"],
    "docs": DOCS,
    "import": IMPORT,
    "io": IO,
    "jax": JAX,
    "live": ["sounddevice>=0.4.6"],
    "onnx": ONNX,
    "rooms": ROOMS,
    "serving": SERVING,
    "tflite": TFLITE,
    "test": [
        *ROOMS,
        *BEAM,
        *DOCS,
        *IMPORT,
        *IO,
        *JAX,
        *ONNX,
        *SERVING,
        *TFLITE,
        "matplotlib>=3.8",
        "mypy>=1.11",
        "pytest>=8.0",
        "pytest-xdist>=3.6",
        "ruff>=0.6",
        "types-tqdm",
    ],
    # The shorter tests on the newest TensorFlow, see `make test-newest`.
    "test-newest": [*TFLITE, "pytest>=8.0", "pytest-xdist>=3.6"],
}

# Of modules whose names would be keywords of Python.
PROGRAM_NAMES = {"import_weights": "import"}

PROGRAMS = [
    "enhance",
    "evaluate",
    "export",
    "import_weights",
    "inspect_data",
    "live",
    "prepare",
    "simulate_rooms",
    "train",
    "verify",
    "web",
]

setuptools.setup(
    name="tfse",
    version="0.1.0",
    description="Speech enhancement in TensorFlow and Keras that runs where the microphone is",
    long_description=pathlib.Path("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10,<3.14",
    packages=[*setuptools.find_packages(include=["tfse", "tfse.*"]), "tfse.configs"],
    # `--config=dpcrn_small` finds them there.
    package_dir={"tfse.configs": "configs"},
    package_data={
        "tfse": ["py.typed"],
        "tfse.evaluation.report": ["page.css", "page.js"],
        "tfse.pretrained": ["*.keras", "*.md", "*.tflite"],
        "tfse.web": ["page/*"],
    },
    install_requires=REQUIREMENTS,
    extras_require=EXTRAS,
    entry_points={
        "console_scripts": [
            f"tfse-{PROGRAM_NAMES.get(name, name).replace('_', '-')}=tfse.cli.launcher:{name}"
            for name in PROGRAMS
        ]
    },
)
