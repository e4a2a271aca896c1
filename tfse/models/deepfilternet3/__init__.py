"""DeepFilterNet3: gains of ERB bands, and complex filters over frames for the lower bins.

Schroeter, Rosenkranz, Escalante-B. and Maier, "DeepFilterNet: Perceptually motivated
real-time speech enhancement", Interspeech 2023, arXiv 2305.08227; the network is that of
"DeepFilterNet2", IWAENC 2022, with the changes of the authors' code.
"""

from tfse.models.deepfilternet3.builder import build_deepfilternet3
from tfse.models.deepfilternet3.config import DeepFilterNet3Config

__all__ = ["DeepFilterNet3Config", "build_deepfilternet3"]
