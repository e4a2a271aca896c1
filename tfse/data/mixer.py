"""Mixer: makes a mixture from its seed, epoch and index, reproducibly."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from tfse.data import constants, stateless_random
from tfse.data.augmentation import Augmentation
from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.data.constants import SPLITS
from tfse.data.epoch_sampler import EpochSampler
from tfse.data.joining import faded, joined
from tfse.data.records.record_table import RecordTable
from tfse.data.stateless_random import Purpose, below, either, fold, permuted, uniform
from tfse.data.synthetic_noise import SyntheticNoise
from tfse.data.voices import Voices
from tfse.dsp import mixing as dsp
from tfse.types import Tensor

Mixture = dict[str, Tensor]
Seeds = dict[Purpose, Tensor]
# From the seeds of the record and of its variation to a stretch of noise.
Stretch = Callable[[Tensor, Tensor], Tensor]

BABBLE = "babble"
COLOURED = "coloured"
SYNTHETIC = "synthetic"
NO_NOISE = "none"
# Group of what is not recorded.
NO_GROUP = ""

# Audio, its kind and its group.
Noise = tuple[Tensor, Tensor, Tensor]


@dataclasses.dataclass(frozen=True)
class Mixer:
    """Mixtures of one split, made inside a `tf.data` graph.

    A mixture is made in these steps:

    1. Speech of one speaker, in training sometimes of two. Shorter than a crop, it is
       followed, after a pause, by other utterances of its group (by itself if there are no
       others), so a crop has no padding.
    2. With a probability, a room, all equally likely, and a position in it. The target keeps
       the direct path and the early reflections; the rest counts as noise.
    3. Noise, scaled to the drawn SNR over the whole mixture against the speech in the room.
       Shorter than the speech, it is followed by other recordings.
    4. The level of the sum, and the clip guard.

    In training, `config.augmentation` varies the speech before the room, the noise, the band
    of all signals, and the noisy mixture; last, another mixture may replace the start.

    Attributes:
        config: the settings.
        split: "train", "valid" or "test".
        speech: records of speech.
        noise: records of noise, None if no mixture has any.
        rir: records of room impulse responses, None if no speech is in a room.
        sampler: chooses the first utterance of each mixture of an epoch.
    """

    config: DataConfig
    split: str
    speech: RecordTable
    noise: RecordTable | None
    rir: RecordTable | None
    sampler: EpochSampler

    @property
    def per_epoch(self) -> int:
        """Mixtures per epoch."""
        return self.sampler.per_epoch

    def utterance(self, seed: Tensor, epoch: Tensor, index: Tensor) -> Tensor:
        """Returns the number of the first utterance of a mixture.

        Shapes:
            int64 [], int64 [], int64 [] -> int32 []
        """
        split = SPLITS.index(self.split)
        order = stateless_random.epoch_seed(seed, split, epoch)
        base = stateless_random.mixture_seed(seed, split, epoch, index)
        place = permuted(order, index, self.per_epoch)
        return self.sampler.utterance(place, fold(base, Purpose.FIRST_UTTERANCE))

    def __call__(self, seed: Tensor, epoch: Tensor, index: Tensor) -> Mixture:
        """Makes one mixture.

        Args:
            seed: int64 [].
            epoch: int64 [].
            index: int64 [], from 0 to `per_epoch` - 1.

        Returns:
            `noisy`, `clean` and `noise` (exactly `noisy - clean`), float32
            [samples]; `length` int32 [], samples without padding; `key` string [],
            "split/seed/epoch/index"; `snr_db` float32 [], inf without noise, -inf
            without speech; `level_dbfs` float32 []; `kind` string [], of the noise;
            `reverberant` bool []; `speaker`, `noise_group` and `room` string [], groups.
            After a splice, all but the audio is that of the second part.
        """
        base = stateless_random.mixture_seed(seed, SPLITS.index(self.split), epoch, index)
        mixture = self._mixture(base, self.utterance(seed, epoch, index))
        audio = {name: mixture[name] for name in ("noisy", "clean")}
        audio = self._spliced(fold(base, Purpose.SPLICE), audio)
        return {
            **mixture,
            **audio,
            "noise": audio["noisy"] - audio["clean"],
            "key": _key(self.split, seed, epoch, index),
        }

    def _mixture(self, base: Tensor, number: Tensor) -> Mixture:
        """Makes a mixture from the seed of its random numbers and its first utterance."""
        seeds = {purpose: fold(base, purpose) for purpose in Purpose}
        speech, snr_offset_db = self._with_second_talker(
            seeds[Purpose.SECOND_TALKER], number, self._dry(seeds, number)
        )
        dry = self._or_silence(seeds, speech)
        speech, target, room = self._in_room(seeds, dry)
        noise, kind, noise_group = self._noise(seeds, number, tf.size(dry))
        return {
            **self._mixed(
                seeds,
                snr_offset_db,
                *self._varied.band_limited(seeds[Purpose.BAND], speech, target, noise),
            ),
            "length": tf.size(dry),
            "kind": kind,
            "reverberant": room != NO_GROUP,
            "speaker": self.speech.group_of(number),
            "noise_group": noise_group,
            "room": room,
        }

    def _spliced(self, seed: Tensor, audio: Mixture) -> Mixture:
        """Returns the signals of a mixture, with a probability after the start of another."""
        settings = self._varied.config
        if self.config.whole_utterances:
            return audio

        def spliced() -> Mixture:
            place = uniform(fold(seed, 1), *constants.SPLICE_AT)
            weight = self._fade_in(place, self.config.segment_samples)
            before = either(fold(seed, 2), settings.splice_silence_probability, silence, another)
            return {name: weight * audio[name] + (1 - weight) * before[name] for name in audio}

        def silence() -> Mixture:
            return {name: tf.zeros_like(signal) for name, signal in audio.items()}

        def another() -> Mixture:
            base = fold(seed, 3)
            place = below(fold(seed, 4), self.per_epoch)
            number = self.sampler.utterance(place, fold(base, Purpose.FIRST_UTTERANCE))
            other = self._mixture(base, number)
            louder_db = uniform(fold(seed, 5), -settings.splice_db, settings.splice_db)
            gain = dsp.splice_gain(audio, other, louder_db, self.config.peak_max)
            return {name: gain * other[name] for name in audio}

        return either(fold(seed, 0), settings.splice_probability, spliced, lambda: audio)

    @property
    def _varied(self) -> Augmentation:
        # Evaluations do not depend on the augmentation of a training.
        settings = self.config.augmentation if self.split == "train" else AugmentationConfig()
        return Augmentation(settings, self.config.sample_rate)

    @property
    def _voices(self) -> Voices:
        return Voices(self.speech, round(constants.PAUSE_S * self.config.sample_rate))

    def _dry(self, seeds: Seeds, number: Tensor) -> Tensor:
        if self.config.whole_utterances:
            whole = self.speech.read(number)
            return self._varied.equalized(seeds[Purpose.SPEECH_COLOUR], whole)

        def take(length: Tensor) -> Tensor:
            return self._voices.continued(number, seeds[Purpose.SPEECH], length)

        length = self.config.segment_samples
        audio = self._varied.speech(seeds[Purpose.SPEECH_COLOUR], length, take)
        audio = self._varied.voice(seeds[Purpose.VOICE], tf.ensure_shape(audio, [length]))
        return tf.ensure_shape(audio, [length])

    def _or_silence(self, seeds: Seeds, dry: Tensor) -> Tensor:
        probability = self._varied.config.speechless_probability
        seed = seeds[Purpose.IS_SPEECHLESS]
        return either(seed, probability, lambda: tf.zeros_like(dry), lambda: dry)

    def _with_second_talker(
        self, seed: Tensor, number: Tensor, speech: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Returns speech, with a probability of two speakers, and an offset of the SNR, dB.

        With the offset, the second speaker has the drawn SNR where the first one ends.
        """
        settings = self._varied.config
        length = tf.size(speech)

        def both() -> tuple[Tensor, Tensor]:
            voice = self._voices.babble(fold(seed, 1), number, length, 1, 1)
            quieter_db = uniform(fold(seed, 2), 0.0, settings.second_talker_db)
            voice *= dsp.gain_for_snr(speech, voice, quieter_db)
            gain = self._fade_in(uniform(fold(seed, 3), *constants.SECOND_TALKER_AT), length)
            talks_on = uniform(fold(seed, 4), 0.0, 1.0) < 0.5
            second = gain * voice
            total = speech * tf.where(talks_on, 1.0, 1.0 - gain) + second
            return total, tf.where(talks_on, 0.0, dsp.level_above_part_db(total, second, gain))

        probability = settings.second_talker_probability
        return either(fold(seed, 0), probability, both, lambda: (speech, tf.constant(0.0)))

    def _fade_in(self, place: Tensor, length: Tensor) -> Tensor:
        """Returns a gain that rises from 0 to 1 at a place, a share of the length."""
        fade = constants.FADE_S * self.config.sample_rate
        number = tf.cast(tf.range(length), tf.float32)
        return tf.clip_by_value((number - place * tf.cast(length, tf.float32)) / fade, 0.0, 1.0)

    def _in_room(self, seeds: Seeds, dry: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns speech at the microphone, the target, and the room."""

        def no_room() -> tuple[Tensor, Tensor, Tensor]:
            return dry, dry, tf.constant(NO_GROUP)

        rir = self.rir
        if rir is None:
            return no_room()

        def room() -> tuple[Tensor, Tensor, Tensor]:
            number = rir.drawn_by_group(seeds[Purpose.ROOM])
            response = rir.read(number)
            early = dsp.early_part(response, self.config.early_samples)
            speech, target = dsp.convolve_pair(dry, response, early)
            shape = dry.shape
            speech, target = tf.ensure_shape(speech, shape), tf.ensure_shape(target, shape)
            return speech, target, rir.group_of(number)

        return either(seeds[Purpose.IS_REVERBERANT], self.config.reverb_probability, room, no_room)

    def _noise(self, seeds: Seeds, number: Tensor, length: Tensor) -> Noise:
        """Returns noise at an arbitrary level."""
        table, config, seed = self.noise, self.config, seeds[Purpose.NOISE]

        def none() -> Noise:
            return tf.zeros([length]), tf.constant(NO_NOISE), tf.constant(NO_GROUP)

        if table is None:
            return none()

        def babble() -> Noise:
            fewest, most = config.babble_speakers_min, config.babble_speakers_max
            audio = self._voices.babble(seed, number, length, fewest, most)
            return audio, tf.constant(BABBLE), tf.constant(NO_GROUP)

        def some() -> Noise:
            is_babble = seeds[Purpose.IS_BABBLE]
            return either(
                is_babble,
                config.babble_probability,
                babble,
                lambda: self._other_noise(table, seeds, length),
            )

        return either(seeds[Purpose.IS_CLEAN], config.clean_probability, none, some)

    def _other_noise(self, table: RecordTable, seeds: Seeds, length: Tensor) -> Noise:
        """Returns noise other than babble: Gaussian, synthetic, or one or two recordings."""
        varied, seed = self._varied, seeds[Purpose.NOISE]
        fade = round(constants.FADE_S * self.config.sample_rate)

        def stretch(seed: Tensor, variation: Tensor) -> Tensor:
            return varied.noise(variation, length, lambda n: _recorded(table, seed, n, fade))

        def recorded() -> Noise:
            first = stretch(seed, seeds[Purpose.NOISE_COLOUR])
            audio = self._with_second(seeds[Purpose.SECOND_NOISE], first, stretch)
            number = _first_record(table, seed)
            return audio, tf.gather(table.kinds, number), table.group_of(number)

        def some() -> Noise:
            return self._with_synthetic(seeds[Purpose.SYNTHETIC], length, recorded)

        def gaussian() -> Noise:
            audio = varied.gaussian(fold(seeds[Purpose.COLOURED], 1), length)
            return audio, tf.constant(COLOURED), tf.constant(NO_GROUP)

        return either(
            fold(seeds[Purpose.COLOURED], 0),
            varied.config.coloured_probability,
            gaussian,
            some,
        )

    def _with_synthetic(self, seed: Tensor, length: Tensor, recorded: Callable[[], Noise]) -> Noise:
        """Returns recorded noise, with a probability plus synthetic noise or replaced by it."""
        settings = self._varied.config

        def synthetic() -> Tensor:
            return SyntheticNoise(self.config.sample_rate)(fold(seed, 2), length)

        def both() -> Noise:
            audio, kind, group = recorded()
            second = synthetic()
            ratio_db = uniform(fold(seed, 3), -settings.synthetic_db, settings.synthetic_db)
            return audio + second * dsp.gain_for_snr(audio, second, ratio_db), kind, group

        def alone() -> Noise:
            return synthetic(), tf.constant(SYNTHETIC), tf.constant(NO_GROUP)

        def some() -> Noise:
            share = settings.synthetic_alone_probability
            return either(fold(seed, 1), share, alone, both)

        return either(fold(seed, 0), settings.synthetic_probability, some, recorded)

    def _with_second(self, seed: Tensor, first: Tensor, stretch: Stretch) -> Tensor:
        settings = self._varied.config

        def both() -> Tensor:
            second = stretch(fold(seed, 1), fold(seed, 2))
            ratio_db = uniform(fold(seed, 3), 0.0, settings.second_noise_db)
            return first + second * dsp.gain_for_snr(first, second, ratio_db)

        return either(fold(seed, 0), settings.second_noise_probability, both, lambda: first)

    def _mixed(
        self, seeds: Seeds, snr_offset_db: Tensor, speech: Tensor, target: Tensor, noise: Tensor
    ) -> Mixture:
        config = self.config
        snr_db = uniform(seeds[Purpose.SNR], config.snr_db_min, config.snr_db_max) + snr_offset_db
        level = uniform(seeds[Purpose.LEVEL], config.level_dbfs_min, config.level_dbfs_max)
        noise *= dsp.gain_for_snr(speech, noise, snr_db)
        noisy = speech + noise
        gain = dsp.gain_to_level(noisy, level)
        gain *= dsp.clip_guard(gain * tf.concat([noisy, target], axis=0), config.peak_max)
        clean = gain * target
        noisy = self._varied.distorted(seeds[Purpose.DISTORTION], gain * noisy)
        return {
            "noisy": noisy,
            "clean": clean,
            "snr_db": dsp.snr_db(speech, noise),
            "level_dbfs": dsp.level_dbfs(noisy),
        }


def _first_record(table: RecordTable, seed: Tensor) -> Tensor:
    return below(fold(seed, 0), table.count)


def _recorded(table: RecordTable, seed: Tensor, length: Tensor, fade: int) -> Tensor:
    """Returns a stretch of recorded noise whose first record is `_first_record`."""

    def pick(_: Tensor, seed: Tensor) -> Tensor:
        return below(seed, table.count)

    return joined(lambda number: faded(table.read(number), fade), pick, seed, length)


def _key(split: str, seed: Tensor, epoch: Tensor, index: Tensor) -> Tensor:
    numbers = [tf.strings.as_string(number) for number in (seed, epoch, index)]
    return tf.strings.join([split, *numbers], separator="/")
