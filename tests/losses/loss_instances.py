"""Instances of all losses, with targets and outputs for them."""

import numpy as np

from tests import instances
from tfse import losses
from tfse.layers import STFT

# At 16 kHz, sufficient for one segment of STOI; the last length is too short for it.
SAMPLES = 9000
LENGTHS = (9000, 7777, 1234)
FRAME_LENGTH, HOP_LENGTH = 64, 32
BINS = FRAME_LENGTH // 2 + 1
# Samples at the start in which the clean speech is digital silence.
PAUSE = 600


def stft():
    return STFT(FRAME_LENGTH, HOP_LENGTH)


def frames(samples):
    """Returns the number of frames that contain a sample."""
    return -(-(samples + FRAME_LENGTH - HOP_LENGTH) // HOP_LENGTH)


def targets(samples=SAMPLES, scale=0.1):
    """Returns modulated noise after a pause, as clean speech, in other noise."""
    envelope = 0.6 + 0.5 * np.sin(2 * np.pi * np.arange(samples) / 2900)
    clean = scale * instances.random(3, samples) * envelope.astype(np.float32)
    clean[:, :PAUSE] = 0
    noise = 0.5 * scale * instances.random(3, samples, seed=1)
    length = np.full(3, samples, np.int32)
    return {"clean": clean, "noise": noise, "noisy": clean + noise, "length": length}


def outputs(targets):
    count = frames(targets["clean"].shape[1])
    return {
        "enhanced": 0.8 * targets["clean"] + 0.3 * targets["noise"],
        "mask": np.abs(instances.random(3, count, BINS, seed=2)) % 1,
        "complex_mask": instances.random(3, count, BINS, 2, seed=4),
        "clean_log_power": instances.random(3, count, BINS, seed=3),
    }


class _OnComplexMask(losses.EnhancementLoss):
    """Complex-mask loss on `complex_mask`, since `mask` is the ratio mask of other losses."""

    def __init__(self):
        super().__init__(name="complex_mask_mse")
        self._loss = losses.ComplexMaskMSE(stft())

    def call(self, targets, outputs):
        return self._loss(targets, {"mask": outputs["complex_mask"]})


def all_losses():
    """Returns all losses, by the name of the weight."""
    core = instances.MODELS["lstm_irm_multitarget"]().get_layer("core")
    return {
        "mask_mse": losses.MaskMSE(stft()),
        "complex_mask_mse": _OnComplexMask(),
        "clean_log_power_mse": losses.CleanLogPowerMSE(
            stft(), core.get_layer("log_power"), core.get_layer("standardization")
        ),
        "negative_snr": losses.NegativeSNR(),
        "negative_si_sdr": losses.NegativeSISDR(),
        "log_spectral_mse": losses.LogSpectralMSE(stft()),
        "compressed_spectrum_mse": losses.CompressedSpectrumMSE(stft()),
        "multi_resolution_stft": losses.MultiResolutionSTFT(),
        "negative_stoi": losses.NegativeSTOI(),
        "negative_estoi": losses.NegativeESTOI(),
        "loudness_disturbance": losses.LoudnessDisturbance(),
        "over_suppression": losses.OverSuppression(stft()),
        "residual_level": losses.ResidualLevel(frame_length=100),
    }


def cut(arrays, row, samples):
    """Returns one example of a batch, cut to `samples`."""
    ends = {"clean": samples, "noise": samples, "noisy": samples, "enhanced": samples}
    return {
        name: values[row : row + 1, : ends.get(name, frames(samples))]
        for name, values in arrays.items()
        if name != "length"
    }


def spoil_padding(targets, outputs, lengths, value=np.nan):
    """Returns copies with `value` in all padding."""
    targets = {n: v.copy() for n, v in targets.items()} | {"length": np.array(lengths, np.int32)}
    outputs = {n: v.copy() for n, v in outputs.items()}
    for row, samples in enumerate(lengths):
        for name in ("clean", "noise", "noisy"):
            targets[name][row, samples:] = value
        for name, values in outputs.items():
            values[row, samples if name == "enhanced" else frames(samples) :] = value
    return targets, outputs
