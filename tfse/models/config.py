"""Settings that all models share."""

# No `from __future__ import annotations`: config flags need the types of dataclass
# fields, not strings.
import dataclasses


@dataclasses.dataclass
class ModelConfig:
    """Settings of every model; models add their own.

    Attributes:
        name: of the model; becomes `model.name`.
        sample_rate: in Hz.
    """

    name: str = "model"
    sample_rate: int = 16_000


@dataclasses.dataclass
class SpectralModelConfig(ModelConfig):
    """Settings of the transform around the core of a model on spectra.

    Attributes:
        frame_length: samples per frame.
        hop_length: samples from one frame to the next.
        fft_length: points of the transform, at least `frame_length`.
        window: analysis window, see `tfse.dsp.windows`.
        dc_time_s: time constant of the running mean that is subtracted from the waveform,
            see `DCRemoval`; 0 for no subtraction.
        first_frame: the frame from which the network's states start: "partial", the frame of
            the first hop, which contains zeros before sample 0; or "full", the frame that
            starts at sample 0, as in most other implementations, see `FullFrameModel`.
    """

    frame_length: int = 512
    hop_length: int = 256
    fft_length: int = 512
    window: str = "sqrt_hann"
    dc_time_s: float = 0.0
    first_frame: str = "partial"
