"""How the mixtures of a training are varied beyond what was recorded."""

# Annotations must be evaluated here: ml_collections reads the type of a field to
# parse the flag that overrides it, and takes no string for a type.

import dataclasses

from tfse.errors import ConfigError


@dataclasses.dataclass
class AugmentationConfig:
    """Chances and ranges of every variation; with the defaults there is none.

    Only training mixtures are varied: what a model is measured on does not change
    with how it is taught. Every range is drawn from uniformly, speeds on a
    logarithmic scale.

    Attributes:
        speed_probability: chance, for speech and for noise apart, that a recording
            is played faster or slower, which moves its pitch too. Crops only: whole
            utterances keep their length.
        speech_speed_max: fastest speech, as a factor; the slowest is 1 over it.
        noise_speed_max: fastest noise, as a factor; the slowest is 1 over it.
        equalizer_probability: chance, for speech and for noise apart, of a random
            smooth frequency response; the target has that of the speech.
        equalizer_db: largest rise or fall of each of its bumps, dB.
        second_noise_probability: chance that a second recording lies under the noise.
        second_noise_db: by how much the second is quieter at most, dB.
        coloured_probability: chance that the noise is not recorded but Gaussian, of
            a random smooth spectrum, as of fans and wind on a microphone.
        synthetic_probability: chance that synthetic noise comes with the recorded one:
            a tone, a sweep, hum, a band of noise or clicks, steady or not, as of
            machines and alarms.
        synthetic_alone_probability: chance that, where there is synthetic noise, it
            takes the place of the recorded one.
        synthetic_db: by how much the synthetic noise is louder or quieter than the
            recorded one at most, dB.
        speechless_probability: chance that nobody speaks, so that the target is
            digital silence.
        band_limit_probability: chance that nothing is heard above a cut-off, as
            after a narrow-band line; the target is cut too.
        band_limit_hz_min: lowest cut-off, Hz.
        clip_probability: chance that the loudest samples of the noisy mixture are
            clipped; the target is not.
        clip_at_min: lowest level of clipping, as a share of the peak.
        companding_probability: chance that the noisy mixture went through 8 bits of
            the mu-law of ITU-T G.711; the target did not.
    """

    speed_probability: float = 0.0
    speech_speed_max: float = 1.15
    noise_speed_max: float = 1.4
    equalizer_probability: float = 0.0
    equalizer_db: float = 8.0
    second_noise_probability: float = 0.0
    second_noise_db: float = 10.0
    coloured_probability: float = 0.0
    synthetic_probability: float = 0.0
    synthetic_alone_probability: float = 0.3
    synthetic_db: float = 10.0
    speechless_probability: float = 0.0
    band_limit_probability: float = 0.0
    band_limit_hz_min: float = 3400.0
    clip_probability: float = 0.0
    clip_at_min: float = 0.2
    companding_probability: float = 0.0

    def validate(self) -> None:
        """Checks every rule.

        Raises:
            ConfigError: a setting breaks its rule; the message names both.
        """
        for field in dataclasses.fields(self):
            self._check(field.name, getattr(self, field.name))

    def _check(self, name: str, value: float) -> None:
        if name.endswith("_probability") and not 0 <= value <= 1:
            raise ConfigError(f"`augmentation.{name}` must lie in [0, 1]; received {value}.")
        if name.endswith("_speed_max") and not 1 <= value <= 2:
            raise ConfigError(f"`augmentation.{name}` must lie in [1, 2]; received {value}.")
        if name.endswith("_db") and not 0 <= value <= 60:
            raise ConfigError(f"`augmentation.{name}` must lie in [0, 60] dB; received {value}.")
        if name == "clip_at_min" and not 0 < value <= 1:
            raise ConfigError(f"`augmentation.{name}` must lie in (0, 1]; received {value}.")
        if name == "band_limit_hz_min" and not value >= 1000:
            raise ConfigError(f"`augmentation.{name}` must be at least 1000 Hz; received {value}.")
