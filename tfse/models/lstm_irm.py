"""LSTM-IRM: recurrent network that estimates the ideal ratio mask.

Wang, Narayanan and Wang, "On training targets for supervised speech
separation", IEEE/ACM TASLP 22(12), 2014; with LSTMs as in Weninger et al.,
"Speech enhancement with LSTM recurrent neural networks", LVA/ICA 2015. The
second target follows Sun, Du, Dai and Lee, "Multiple-target deep learning for
LSTM-RNN based speech enhancement", HSCMA 2017.
"""

# No `from __future__ import annotations`: config flags need the types of dataclass
# fields, not strings.
import dataclasses

import keras

from tfse.layers import LogPower, MagnitudeMasking, Standardization, TimeLSTM
from tfse.models.config import SpectralModelConfig
from tfse.models.enhancement_model import EnhancementModel, around_core, core_model, spectrum_input
from tfse.models.registry import register


@dataclasses.dataclass
class LSTMIRMConfig(SpectralModelConfig):
    """Settings of an LSTM-IRM.

    Attributes:
        units: per LSTM over time.
        power_floor: added to the power of every bin before the logarithm.
        predict_log_power: adds a second head, the clean log power spectrum,
            standardized like the input.
        recurrent_activation: of all gates.
    """

    name: str = "lstm_irm"
    units: tuple[int, ...] = (512, 256)
    power_floor: float = 1e-8
    predict_log_power: bool = False
    recurrent_activation: str = "sigmoid"


@register(LSTMIRMConfig)
def build_lstm_irm(config: LSTMIRMConfig) -> EnhancementModel:
    """Builds an LSTM-IRM.

    Args:
        config: sizes; see `LSTMIRMConfig`.

    Returns:
        A functional model on waveforms, `[batch, samples]` -> `[batch, samples]`.
    """
    return around_core(config, _core(config), MagnitudeMasking(name="masking"))


def _core(config: LSTMIRMConfig) -> keras.Model:
    """Returns the network from spectrum to ratio mask and, if set, log power."""
    spectrum, x = spectrum_input(config)
    x = LogPower(config.power_floor, name="log_power")(x)
    x = Standardization(name="standardization")(x)
    for index, units in enumerate(config.units):
        x = TimeLSTM(units, config.recurrent_activation, name=f"lstm_{index}")(x)
    bins = config.fft_length // 2 + 1
    heads = {"mask": keras.layers.Dense(bins, activation="sigmoid", name="mask")(x)}
    if config.predict_log_power:
        heads["clean_log_power"] = keras.layers.Dense(bins, name="clean_log_power")(x)
    return core_model(config, spectrum, heads)
