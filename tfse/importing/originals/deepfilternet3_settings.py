"""Settings of a DeepFilterNet3 that no array shows, from the `config.ini` of its training."""

from __future__ import annotations

import configparser
import contextlib
from typing import Any, TypeVar

from tfse.errors import ModelError
from tfse.importing.sizes import LARGEST_RATE, LARGEST_TRANSFORM
from tfse.importing.source import Source

N = TypeVar("N", int, float)

# Settings that change the network without an array: section, option, the value that is ours.
_FIXED = (
    ("train", "model", "deepfilternet3"),
    ("deepfilternet", "emb_gru_skip", "none"),
    ("deepfilternet", "emb_gru_skip_enc", "none"),
    ("deepfilternet", "enc_concat", "false"),
    ("deepfilternet", "dfop_method", "df"),
    ("deepfilternet", "mask_pf", "false"),
)
# Hops that the model may look ahead, seconds of its running means, and levels in dB.
_LONGEST_LOOK_AHEAD = 100
_LONGEST_S = 1000.0
_HIGHEST_DB = 1000.0


def settings_of(source: Source) -> dict[str, Any]:
    """Returns the settings of `config.ini`; without that file, those of the published model.

    Raises:
        ModelError: the file cannot be read, a setting is out of range, or has no counterpart.
    """
    texts = [part for part in source.of_kind("text") if part.name.endswith("config.ini")]
    if not texts:
        return {"look_ahead": 2}
    ini = _Ini(texts[0].text)
    for section, option, ours in _FIXED:
        value = ini.text(section, option, ours)
        if value.lower() != ours:
            raise ModelError(f"`{option}` of config.ini must be {ours!r}; received {value!r}.")
    look_ahead = ini.number("deepfilternet", "conv_lookahead", 0, 0, _LONGEST_LOOK_AHEAD)
    filter_look_ahead = ini.number("df", "df_lookahead", 0, 0, _LONGEST_LOOK_AHEAD)
    if look_ahead != filter_look_ahead:
        raise ModelError(
            "`conv_lookahead` and `df_lookahead` of config.ini must be equal; received "
            f"{look_ahead} and {filter_look_ahead}."
        )
    fft_length = ini.number("df", "fft_size", 960, 2, LARGEST_TRANSFORM)
    return {
        "sample_rate": ini.number("df", "sr", 48_000, 1, LARGEST_RATE),
        "frame_length": fft_length,
        "fft_length": fft_length,
        "hop_length": ini.number("df", "hop_size", 480, 1, fft_length),
        "least_bins": ini.number("df", "min_nb_erb_freqs", 2, 1, fft_length),
        "norm_time_s": ini.number("df", "norm_tau", 1.0, 1e-3, _LONGEST_S),
        "look_ahead": look_ahead,
        "local_snr_db": (
            ini.number("df", "lsnr_min", -15.0, -_HIGHEST_DB, _HIGHEST_DB),
            ini.number("df", "lsnr_max", 35.0, -_HIGHEST_DB, _HIGHEST_DB),
        ),
    }


class _Ini:
    """Options of a `config.ini`.

    Args:
        text: of the file.

    Raises:
        ModelError: it cannot be parsed.
    """

    def __init__(self, text: str) -> None:
        self._parser = configparser.ConfigParser(interpolation=None)
        try:
            self._parser.read_string(text, "config.ini")
        except configparser.Error as error:
            reason = " ".join(str(error).split())
            raise ModelError(f"config.ini cannot be read: {reason}") from error

    def text(self, section: str, option: str, otherwise: str) -> str:
        """Returns an option as it is written."""
        return self._parser.get(section, option, fallback=otherwise)

    def number(self, section: str, option: str, otherwise: N, least: N, most: N) -> N:
        """Returns an option as a number of the type of the value without it.

        Raises:
            ModelError: it is none, or out of range.
        """
        written = self.text(section, option, str(otherwise))
        with contextlib.suppress(ValueError):
            value = type(otherwise)(written)
            if least <= value <= most:
                return value
        kind = "a whole number" if isinstance(otherwise, int) else "a number"
        raise ModelError(
            f"`{option}` of config.ini must be {kind} from {least} to {most}; received {written!r}."
        )
