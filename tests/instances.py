"""Tiny instances of all layers and models, for the shared batteries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfse import layers, models

BATCH, BINS, CHANNELS, UNITS = 2, 9, 3, 12


def random(*shape: int, seed: int = 0) -> Any:
    """Returns float32 noise of a shape."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def spectra(channels: int = CHANNELS) -> Any:
    """Returns 12 frames of random bins."""
    return random(BATCH, UNITS, BINS, channels)


# name -> (layer, input, samples or frames per unit)
STREAMING_LAYERS: dict[str, Callable[[], tuple[layers.StreamingLayer, Any, int]]] = {
    "stft": lambda: (layers.STFT(32, 16), random(BATCH, UNITS * 16), 16),
    "stft_quarter_hop": lambda: (layers.STFT(32, 8, window="hann"), random(BATCH, UNITS * 8), 8),
    "stft_padded_fft": lambda: (layers.STFT(20, 10, 32, "sine"), random(BATCH, UNITS * 10), 10),
    "stft_odd_hop": lambda: (layers.STFT(31, 12, 32, "hann"), random(BATCH, UNITS * 12), 12),
    "stft_any_length": lambda: (layers.STFT(20, 10), random(BATCH, UNITS * 10), 10),
    "inverse_stft_any_length": lambda: (
        layers.InverseSTFT(20, 10),
        random(BATCH, UNITS, 11, 2),
        1,
    ),
    "inverse_stft": lambda: (layers.InverseSTFT(16, 8), spectra(2), 1),
    "inverse_stft_odd_hop": lambda: (layers.InverseSTFT(15, 6, 16, "hann"), spectra(2), 1),
    "conv": lambda: (layers.CausalConv2D(4, (2, 3), padding=(1, 1)), spectra(), 1),
    "conv_strided": lambda: (layers.CausalConv2D(4, (3, 5), 2, padding=(0, 2)), spectra(), 1),
    "conv_dilated": lambda: (layers.CausalConv2D(4, (3, 3), dilation=(2, 2)), spectra(), 1),
    "conv_grouped": lambda: (layers.CausalConv2D(4, (2, 3), 2, groups=2), spectra(6), 1),
    "conv_depthwise": lambda: (
        layers.CausalConv2D(3, (3, 3), dilation=(5, 1), padding=(1, 1), groups=3),
        spectra(),
        1,
    ),
    "conv_one_frame": lambda: (layers.CausalConv2D(4, (1, 3), use_bias=False), spectra(), 1),
    "transposed": lambda: (layers.CausalConv2DTranspose(4, (2, 3), cropping=(1, 1)), spectra(), 1),
    "transposed_strided": lambda: (
        layers.CausalConv2DTranspose(4, (2, 5), 2, cropping=(0, 2)),
        spectra(),
        1,
    ),
    "transposed_grouped": lambda: (
        layers.CausalConv2DTranspose(6, (2, 5), 2, cropping=(2, 2), groups=2),
        spectra(4),
        1,
    ),
    "transposed_dilated": lambda: (
        layers.CausalConv2DTranspose(4, (3, 3), dilation=(2, 2)),
        spectra(),
        1,
    ),
    "time_lstm": lambda: (layers.TimeLSTM(5), random(BATCH, UNITS, 4), 1),
    "time_lstm_bins": lambda: (layers.TimeLSTM(5), spectra(), 1),
    "time_gru": lambda: (layers.TimeGRU(5), random(BATCH, UNITS, 4), 1),
    "time_gru_bands": lambda: (layers.TimeGRU(5), spectra(), 1),
    "time_gru_grouped": lambda: (layers.TimeGRU(4, groups=2), spectra(6), 1),
    "level_normalization": lambda: (layers.LevelNormalization(3.0), spectra(2), 1),
    "dc_removal": lambda: (layers.DCRemoval(8, 3.0), random(BATCH, UNITS * 8), 8),
    "time_attention": lambda: (layers.TimeAttention(2, 4), random(BATCH, UNITS, 6), 1),
    "time_attention_one_frame": lambda: (layers.TimeAttention(1, 2), random(BATCH, UNITS, 3), 1),
    "feed_forward": lambda: (layers.ConvolutionalFeedForward(5), random(BATCH, UNITS, 4), 1),
    "delay": lambda: (layers.Delay(2), spectra(), 1),
    "delay_of_a_waveform": lambda: (layers.Delay(13, 1), random(BATCH, UNITS * 8), 8),
    "overlap_add": lambda: (layers.OverlapAdd(2), random(BATCH, UNITS, 8), 1),
    "overlap_add_odd_hop": lambda: (layers.OverlapAdd(3), random(BATCH, UNITS, 8), 1),
    "separable_conv": lambda: (layers.SeparableConv2D(4, (2, 3), 2, padding=(1, 1)), spectra(6), 1),
    "separable_transposed": lambda: (
        layers.SeparableConv2DTranspose(4, (2, 3), 2, cropping=(1, 0)),
        spectra(),
        1,
    ),
    "frame_stack": lambda: (layers.FrameStack(3), spectra(), 1),
    "exponential_mean": lambda: (layers.ExponentialMeanNormalization(3.0), spectra()[..., 0], 1),
    "exponential_unit": lambda: (layers.ExponentialUnitNormalization(3.0), spectra(2), 1),
    "conv_1d": lambda: (layers.CausalConv1D(4, 8, 4), random(BATCH, UNITS * 4, 3), 4),
    "conv_1d_held_back": lambda: (
        layers.CausalConv1D(4, 5, 3, held_back=2),
        random(BATCH, UNITS * 3, 3),
        3,
    ),
    "conv_1d_without_past": lambda: (layers.CausalConv1D(4, 3, 3), random(BATCH, UNITS * 3, 3), 3),
    "conv_1d_transposed": lambda: (
        layers.CausalConv1DTranspose(4, 8, 4),
        random(BATCH, UNITS, 3),
        1,
    ),
    "conv_1d_transposed_odd": lambda: (
        layers.CausalConv1DTranspose(4, 5, 2),
        random(BATCH, UNITS, 3),
        1,
    ),
    "upsample": lambda: (layers.UpsampleByTwo(), random(BATCH, UNITS * 20, 1), 20),
    "downsample": lambda: (layers.DownsampleByTwo(), random(BATCH, UNITS * 40, 1), 40),
    "start_gate": lambda: (layers.StartGate(2), random(BATCH, UNITS, 3), 1),
    "running_level": lambda: (layers.RunningLevel(8), random(BATCH, UNITS * 8), 8),
    "waveform_output": lambda: (layers.WaveformOutput(5), random(BATCH, UNITS, 1), 1),
    "pre_emphasis": lambda: (layers.PreEmphasis(0.95), random(BATCH, UNITS * 8), 8),
    "de_emphasis": lambda: (layers.DeEmphasis(0.95), random(BATCH, UNITS * 8), 8),
    "overlapped_windows": lambda: (
        layers.OverlappedWindows(16, 8),
        random(BATCH, UNITS * 8),
        8,
    ),
    "joined_windows": lambda: (layers.OverlappedWindows(8, 8), random(BATCH, UNITS * 8), 8),
    "cross_fade": lambda: (layers.CrossFade(16, 8), random(BATCH, UNITS, 16, 1), 1),
    "joining": lambda: (layers.CrossFade(8, 8), random(BATCH, UNITS, 8, 1), 1),
    "time_lstm_hard": lambda: (layers.TimeLSTM(5, "keras2_hard_sigmoid"), spectra(), 1),
}

# name -> (layer without a state, input)
FRAME_LAYERS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "frequency_blstm": lambda: (layers.FrequencyBLSTM(4), spectra()),
    "frequency_blstm_hard": lambda: (layers.FrequencyBLSTM(4, "keras2_hard_sigmoid"), spectra()),
    "frequency_gru": lambda: (layers.FrequencyGRU(5), spectra()),
    "frequency_gru_grouped": lambda: (layers.FrequencyGRU(4, groups=2), spectra(6)),
    "band_merging": lambda: (layers.BandMerging(4, 4), spectra()),
    "band_splitting": lambda: (layers.BandSplitting(4, 11), spectra()),
    "neighbouring_bins": lambda: (layers.NeighbouringBins(), spectra()),
    "frame_normalization": lambda: (layers.FrameNormalization(), spectra()),
    "feature_normalization_bands": lambda: (layers.FeatureNormalization(), spectra()),
    "standardization": lambda: (layers.Standardization(), spectra()),
    "feature_normalization": lambda: (layers.FeatureNormalization(), random(BATCH, UNITS, 7)),
    "inverse_fft": lambda: (layers.InverseFFT(16), spectra(2)),
    "magnitude": lambda: (layers.Magnitude(), spectra(2)),
    "log_magnitude": lambda: (layers.LogMagnitude(), spectra(2)),
    "log_power": lambda: (layers.LogPower(), spectra(2)),
    "power_law_compression": lambda: (layers.PowerLawCompression(), spectra(2)),
    "power_law_expansion": lambda: (layers.PowerLawExpansion(), spectra(2)),
    "frequency_map_down": lambda: (layers.FrequencyMap(4), spectra()),
    "frequency_map_up": lambda: (layers.FrequencyMap(14, learned=True), spectra()),
    "frequency_attention": lambda: (layers.FrequencyAttention(2), spectra(6)),
    "band_embedding": lambda: (layers.BandEmbedding(), spectra()),
    "polar_mask": lambda: (layers.PolarMask(), spectra(3)),
    "band_levels": lambda: (layers.BandLevels((2, 3, 4)), spectra(2)),
    "band_gains": lambda: (layers.BandGains((2, 3, 4), 2), random(BATCH, UNITS, 3)),
    "bin_range": lambda: (layers.BinRange(2, 7), spectra()),
    "frame_reshape": lambda: (layers.FrameReshape((CHANNELS, BINS)), spectra()),
    "grouped_dense": lambda: (layers.GroupedDense(6, 3), random(BATCH, UNITS, 9)),
    "waveform_input": lambda: (layers.WaveformInput(16_000, 1), random(BATCH, UNITS)),
    "waveform_to_frames": lambda: (layers.WaveformToFrames(), random(BATCH, UNITS)),
    "gated_linear_unit": lambda: (layers.GatedLinearUnit(), random(BATCH, UNITS, 6)),
    "reflect_padding": lambda: (layers.ReflectPadding((2, 3)), spectra()),
    "channel_scale": lambda: (layers.ChannelScale(), spectra()),
    "latent_code": lambda: (layers.LatentCode(2), spectra()),
}

MODELS: dict[str, Callable[[], models.EnhancementModel]] = {
    "deepfilternet3": lambda: models.build(tiny_deepfilternet3()),
    "demucs": lambda: models.build(tiny_demucs()),
    "dpcrn": lambda: models.build(tiny_dpcrn()),
    "dpcrn_hard_sigmoid": lambda: models.build(tiny_dpcrn("keras2_hard_sigmoid")),
    "dpcrn_polar": lambda: models.build(tiny_dpcrn(log_power_input=True, mask="polar")),
    "dpcrn_full_frame": lambda: models.build(tiny_dpcrn(first_frame="full")),
    "dtln": lambda: models.build(tiny_dtln()),
    "dtln_norm_full_frame": lambda: models.build(
        tiny_dtln(normalized_input=True, first_frame="full", dropout=0.0)
    ),
    "fastenhancer": lambda: models.build(tiny_fastenhancer()),
    "fastenhancer_polar": lambda: models.build(
        tiny_fastenhancer(level_time_s=0.02, dc_time_s=0.02, log_power_input=True, mask="polar")
    ),
    "gtcrn": lambda: models.build(tiny_gtcrn()),
    "lstm_irm": lambda: models.build(tiny_lstm_irm()),
    "lstm_irm_full_quarter": lambda: models.build(tiny_lstm_irm(first_frame="full", hop_length=16)),
    "lstm_irm_multitarget": lambda: models.build(tiny_lstm_irm(predict_log_power=True)),
    "transformer_irm": lambda: models.build(tiny_transformer_irm()),
}

# Models for recordings, which refuse to stream.
OFFLINE_MODELS: dict[str, Callable[[], models.EnhancementModel]] = {
    "segan_plus": lambda: models.build(tiny_segan_plus()),
    "segan_plus_joined": lambda: models.build(tiny_segan_plus(overlap=False)),
}


def tiny_demucs(**settings: Any) -> models.DemucsConfig:
    """Returns a Demucs of two levels at the rate of its waveform."""
    return models.DemucsConfig(name="tiny_demucs", hidden=2, depth=2, resample=1, **settings)


def tiny_segan_plus(**settings: Any) -> models.SEGANPlusConfig:
    """Returns a SEGAN+ with windows of 64 samples and two levels."""
    sizes = {"window_length": 64, "filters": (3, 4), "kernel_size": 7, "latent_channels": 2}
    return models.SEGANPlusConfig(name="tiny_segan_plus", **{**sizes, **settings})


def tiny_deepfilternet3(**settings: Any) -> models.DeepFilterNet3Config:
    """Returns a DeepFilterNet3 of 33 bins, 8 of them filtered, at 16 kHz."""
    return models.DeepFilterNet3Config(
        name="tiny_deepfilternet3",
        sample_rate=16_000,
        frame_length=64,
        hop_length=32,
        fft_length=64,
        look_ahead=1,
        erb_bands=8,
        least_bins=1,
        filter_bins=8,
        filter_frames=3,
        norm_time_s=0.02,
        channels=8,
        pathway_frames=2,
        units=8,
        groups=2,
        bin_groups=4,
        filter_groups=4,
        **settings,
    )


def tiny_dpcrn(recurrent_activation: str = "sigmoid", **settings: Any) -> models.DPCRNConfig:
    """Returns a DPCRN of 33 bins with every kind of stage."""
    return models.DPCRNConfig(
        name="tiny_dpcrn",
        frame_length=64,
        hop_length=32,
        fft_length=64,
        filters=(4, 4, 6),
        kernel_sizes=((2, 5), (2, 3), (2, 3)),
        strides=(2, 2, 1),
        paddings=((0, 2), (0, 1), (1, 1)),
        frequency_units=3,
        time_units=5,
        recurrent_activation=recurrent_activation,
        **settings,
    )


def tiny_dtln(**settings: Any) -> models.DTLNConfig:
    """Returns a DTLN of 33 bins."""
    return models.DTLNConfig(
        name="tiny_dtln",
        frame_length=64,
        hop_length=16,
        fft_length=64,
        units=(6, 5),
        code_size=8,
        **settings,
    )


def tiny_fastenhancer(**settings: Any) -> models.FastEnhancerConfig:
    """Returns a FastEnhancer of 33 bins with two blocks."""
    sizes = {"channels": 4, "blocks": 2, "block_channels": 6, "bands": 5, "heads": 2}
    return models.FastEnhancerConfig(
        name="tiny_fastenhancer",
        frame_length=64,
        hop_length=32,
        fft_length=64,
        **{**sizes, **settings},
    )


def tiny_gtcrn(**settings: Any) -> models.GTCRNConfig:
    """Returns a GTCRN of 33 bins with two temporal blocks and one dual-path block."""
    return models.GTCRNConfig(
        name="tiny_gtcrn",
        frame_length=64,
        hop_length=32,
        fft_length=64,
        kept_bins=13,
        bands=8,
        channels=4,
        dilations=(1, 3),
        blocks=1,
        **settings,
    )


def tiny_lstm_irm(hop_length: int = 32, **settings: Any) -> models.LSTMIRMConfig:
    """Returns an LSTM-IRM of 33 bins."""
    return models.LSTMIRMConfig(
        name="tiny_lstm_irm",
        frame_length=64,
        hop_length=hop_length,
        fft_length=64,
        units=(12, 8),
        **settings,
    )


def tiny_transformer_irm(**settings: Any) -> models.TransformerIRMConfig:
    """Returns a Transformer-IRM of 33 bins with two blocks."""
    return models.TransformerIRMConfig(
        name="tiny_transformer_irm",
        frame_length=64,
        hop_length=32,
        fft_length=64,
        blocks=2,
        channels=8,
        heads=2,
        attended_frames=5,
        feed_forward_units=10,
        **settings,
    )
