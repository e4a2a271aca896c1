"""Settings of the augmentation of training mixtures."""

# Annotations must be evaluated here: ml_collections reads the type of a field to
# parse the flag that overrides it, and does not accept a string as a type.

import dataclasses

from tfse.errors import ConfigError


@dataclasses.dataclass
class AugmentationConfig:
    """Probabilities and ranges of every variation; by default there is none.

    Only training mixtures are varied, so that evaluations do not depend on the
    training. Draws are uniform over each range; speeds on a logarithmic scale.

    Attributes:
        speed_probability: probability, for speech and noise separately, that a recording
            is played faster or slower, which shifts its pitch too. Crops only: whole
            utterances keep their length.
        speech_speed_max: fastest speech, as a factor; the slowest is 1 over it.
        noise_speed_max: fastest noise, as a factor; the slowest is 1 over it.
        whisper_probability: probability that speech is whispered: noise with its envelope.
            Crops only.
        held_sound_probability: probability that a sound of other speech, mostly a vowel, is
            held for 0.3 to 3 s. Crops only.
        equalizer_probability: probability, for speech and noise separately, of a random
            smooth frequency response; the target has that of the speech.
        equalizer_db: largest gain or attenuation of each of its bumps, dB.
        second_noise_probability: probability that a second noise recording is added.
        second_noise_db: largest attenuation of the second recording, dB.
        coloured_probability: probability that the noise is Gaussian with a random smooth
            spectrum, like fans and wind on a microphone, instead of recorded.
        synthetic_probability: probability that synthetic noise is added to the recorded
            noise: a tone, a sweep, hum, a band of noise or clicks, steady or not, like
            machines and alarms.
        synthetic_alone_probability: probability that synthetic noise, where there is
            some, replaces the recorded noise.
        synthetic_db: largest level difference of synthetic and recorded noise, dB.
        speechless_probability: probability that there is no speech, so that the target
            is digital silence.
        second_talker_probability: probability that another speaker, who belongs to the target
            too, begins at a random time; in half of these mixtures the first one ends there.
        second_talker_db: largest attenuation of that speaker, who is in the same place of a
            room, dB. Where the first one ends, the SNR is that of the second.
        band_limit_probability: probability that everything above a cut-off is removed,
            as on a narrow-band line; from the target too.
        band_limit_hz_min: lowest cut-off, Hz.
        clip_probability: probability that the loudest samples of the noisy mixture are
            clipped; the target is not.
        clip_at_min: lowest level of clipping, as a share of the peak.
        companding_probability: probability that the noisy mixture is quantized to 8 bits
            of the mu-law of ITU-T G.711; the target is not.
        splice_probability: probability that a mixture begins with another one, so that
            speaker, noise, room and level change at a random time, as in a stream. Crops
            only.
        splice_silence_probability: probability that such a mixture begins with digital
            silence instead.
        splice_db: largest level difference of the two parts, dB.
    """

    speed_probability: float = 0.0
    speech_speed_max: float = 1.15
    noise_speed_max: float = 1.4
    whisper_probability: float = 0.0
    held_sound_probability: float = 0.0
    equalizer_probability: float = 0.0
    equalizer_db: float = 8.0
    second_noise_probability: float = 0.0
    second_noise_db: float = 10.0
    coloured_probability: float = 0.0
    synthetic_probability: float = 0.0
    synthetic_alone_probability: float = 0.3
    synthetic_db: float = 10.0
    speechless_probability: float = 0.0
    second_talker_probability: float = 0.0
    second_talker_db: float = 30.0
    band_limit_probability: float = 0.0
    band_limit_hz_min: float = 3400.0
    clip_probability: float = 0.0
    clip_at_min: float = 0.2
    companding_probability: float = 0.0
    splice_probability: float = 0.0
    splice_silence_probability: float = 0.1
    splice_db: float = 20.0

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
