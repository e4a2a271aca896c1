"""Random weights in the authors' DeepFilterNet3, as a checkpoint and as ONNX graphs."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np

from tfse.importing.source import Node, Part, Source

FIXTURE = pathlib.Path(__file__).with_name("deepfilternet3_original.npz")
LOOK_AHEAD = 1
FFT_LENGTH = 64
CONFIG = """
[train]
model = deepfilternet3
[df]
sr = 16000
fft_size = 64
hop_size = 32
nb_erb = 8
nb_df = 8
norm_tau = 0.02
lsnr_max = 35
lsnr_min = -15
min_nb_erb_freqs = 1
df_order = 3
df_lookahead = 1
[deepfilternet]
conv_lookahead = 1
conv_ch = 8
emb_hidden_dim = 8
emb_num_layers = 3
df_hidden_dim = 8
df_num_layers = 2
df_gru_skip = groupedlinear
df_pathway_kernel_size_t = 2
linear_groups = 2
enc_linear_groups = 4
"""


def state() -> dict[str, Any]:
    """Returns the state dict of the original."""
    arrays = np.load(FIXTURE)
    return {k.removeprefix("state/"): arrays[k] for k in arrays.files if k.startswith("state/")}


def checkpoint(arrays: dict[str, Any] | None = None, config: str = CONFIG) -> Source:
    """Returns the state dict and `config.ini` as a source."""
    weights = Part("model_120.ckpt.best", "torch", b"", state() if arrays is None else arrays)
    return Source((weights, Part("config.ini", "text", b"", text=config)))


def graphs() -> Source:
    """Returns the weights as the authors' exporter writes them.

    Normalizations are folded into the last convolution, GRUs have their gates in the order z,
    r, n, and arrays that the exporter computed have meaningless names.
    """
    parts = [_Graph(name).part() for name in ("enc", "erb_dec", "df_dec")]
    return Source((*parts, Part("config.ini", "text", b"", text=CONFIG)))


class _Graph:
    """One of the three graphs."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._state = {
            k.removeprefix(f"{name}."): v for k, v in state().items() if k.startswith(f"{name}.")
        }
        self._arrays: dict[str, Any] = {"/Constant_output_0": np.zeros(1, np.int64)}
        self._nodes: list[Node] = []

    def part(self) -> Part:
        """Returns the graph with the operations that hold weights."""
        for module in dict.fromkeys(name.split(".")[0] for name in self._state):
            self._add(module)
        return Part(f"tmp/export/{self._name}.onnx", "onnx", b"", self._arrays, tuple(self._nodes))

    def _add(self, module: str) -> None:
        names = [name for name in self._state if name.startswith(f"{module}.")]
        if any(name.endswith("running_var") for name in names):
            self._add_convolutions(module, names)
        elif f"{module}.0.bias" in names:
            # `Linear` becomes a transposed product and a sum.
            self._node("MatMul", f"/{module}/0", self._state[f"{module}.0.weight"].T)
            self._arrays[f"{module}.0.bias"] = self._state[f"{module}.0.bias"]
            outputs = (f"/{module}/0/Add_output_0",)
            self._nodes.append(Node("Add", (f"{module}.0.bias", "x"), outputs, {}))
        else:
            grouped = [n for n in names if self._state[n].ndim == 3]
            self._arrays |= {name: self._state[name] for name in grouped}
            for index in range(sum("weight_ih" in name for name in names)):
                self._add_gru(module, index)

    def _add_convolutions(self, module: str, names: list[str]) -> None:
        kernels = [self._state[name] for name in names if self._state[name].ndim == 4]
        prefix = names[-1].removesuffix("num_batches_tracked")
        norm = {k: self._state[prefix + k] for k in ("weight", "bias", "running_mean")}
        scale = norm["weight"] / np.sqrt(self._state[f"{prefix}running_var"] + 1e-5)
        offset = norm["bias"] - scale * norm["running_mean"]
        for index, kernel in enumerate(kernels):
            op = "ConvTranspose" if module in ("convt1", "convt2") and not index else "Conv"
            if index < len(kernels) - 1:
                self._node(op, f"/{module}/{index}", kernel)
            else:
                self._node(op, f"/{module}/{index}", kernel * scale[:, None, None, None], offset)

    def _add_gru(self, module: str, index: int) -> None:
        def array(name: str) -> Any:
            reset, update, candidate = np.split(self._state[f"{module}.gru.{name}_l{index}"], 3)
            return np.concatenate([update, reset, candidate])[None]

        biases = np.concatenate([array("bias_ih"), array("bias_hh")], axis=1)
        self._node("GRU", f"/{module}", array("weight_ih"), array("weight_hh"), biases)

    def _node(self, op: str, scope: str, *arrays: Any) -> None:
        names = [f"onnx::{op}_{len(self._arrays) + n}" for n in range(len(arrays))]
        self._arrays |= dict(zip(names, arrays, strict=True))
        self._nodes.append(Node(op, ("x", *names), (f"{scope}/{op}_output_0",), {}))
