"""What the settings of every model have in common."""

# No `from __future__ import annotations` here: config flags read the types of
# the dataclass fields, and would find strings.
import dataclasses


@dataclasses.dataclass
class ModelConfig:
    """Settings of the transform around a model's core; a model adds its own.

    Attributes:
        name: of the model; becomes `model.name`.
        sample_rate: in Hz.
        frame_length: samples in a frame.
        hop_length: samples from one frame to the next.
        fft_length: points of the transform, at least `frame_length`.
        window: analysis window, see `tfse.dsp.windows`.
        dc_time_s: time constant of the running mean that is subtracted from the waveform,
            see `DCRemoval`; 0 leaves an offset in.
        first_frame: where the network's states begin: "partial", with the frame of the first
            hop, which holds zeros before it; or "full", with the frame that begins at sample
            0, as in most other implementations, see `FullFrameModel`.
    """

    name: str = "model"
    sample_rate: int = 16_000
    frame_length: int = 512
    hop_length: int = 256
    fft_length: int = 512
    window: str = "sqrt_hann"
    dc_time_s: float = 0.0
    first_frame: str = "partial"
