"""Settings of the loss: weights of its terms, and their parameters."""

# No `from __future__ import annotations`: config flags need the types of dataclass
# fields, not strings.
import dataclasses


@dataclasses.dataclass
class LossConfig:
    """Weights of all losses in the sum; a loss of weight 0 is not computed.

    Attributes:
        mask_mse: see `MaskMSE`; for models with a ratio mask.
        mask_exponent: of the ideal ratio mask in `mask_mse`.
        complex_mask_mse: see `ComplexMaskMSE`; for models with a complex mask.
        mask_limit: bound of the real and the imaginary part in `complex_mask_mse`.
        mask_steepness: of the compression in `complex_mask_mse`.
        clean_log_power_mse: see `CleanLogPowerMSE`; for models with this head.
        negative_si_sdr: see `NegativeSISDR`, in dB.
        negative_snr: see `NegativeSNR`, in dB.
        snr_limit_db: limit of `negative_si_sdr` and `negative_snr`, in dB; infinity for none.
        log_spectral_mse: see `LogSpectralMSE`, in nepers.
        compressed_spectrum_mse: see `CompressedSpectrumMSE`.
        compression: exponent of the magnitude in `compressed_spectrum_mse` and
            `over_suppression`.
        complex_weight: share of the complex part in `compressed_spectrum_mse`.
        multi_resolution_stft: see `MultiResolutionSTFT`.
        negative_stoi: see `NegativeSTOI`, -1 to 0.
        negative_estoi: see `NegativeESTOI`, -1 to 0.
        loudness_disturbance: see `LoudnessDisturbance`, in points of raw PESQ.
        over_suppression: see `OverSuppression`.
        residual_level: see `ResidualLevel`, in dB.
        residual_floor_db: sufficient attenuation in `residual_level`, below 0 dB.
    """

    mask_mse: float = 0.0
    mask_exponent: float = 0.5
    complex_mask_mse: float = 0.0
    mask_limit: float = 10.0
    mask_steepness: float = 0.1
    clean_log_power_mse: float = 0.0
    negative_si_sdr: float = 0.0
    negative_snr: float = 0.0
    snr_limit_db: float = 30.0
    log_spectral_mse: float = 0.0
    compressed_spectrum_mse: float = 0.0
    compression: float = 0.3
    complex_weight: float = 0.3
    multi_resolution_stft: float = 0.0
    negative_stoi: float = 0.0
    negative_estoi: float = 0.0
    loudness_disturbance: float = 0.0
    over_suppression: float = 0.0
    residual_level: float = 0.0
    residual_floor_db: float = -40.0
