"""Makes mixture number `index` of epoch `epoch`: always the same one for the same seed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from tfse.data import constants, stateless_random
from tfse.data.augmentation import Augmentation
from tfse.data.augmentation_config import AugmentationConfig
from tfse.data.config import DataConfig
from tfse.data.epoch_sampler import Turns
from tfse.data.joining import faded, joined
from tfse.data.preparation.splits import SPLITS
from tfse.data.records.record_table import RecordTable
from tfse.data.stateless_random import Purpose, below, either, fold, permuted, uniform
from tfse.data.synthetic_noise import SyntheticNoise
from tfse.data.voices import Voices
from tfse.dsp import mixing as dsp
from tfse.types import Tensor

Mixture = dict[str, Tensor]
Seeds = dict[Purpose, Tensor]
# From the seeds of the record and of its colour to a stretch of noise.
Stretch = Callable[[Tensor, Tensor], Tensor]

BABBLE = "babble"
COLOURED = "coloured"
SYNTHETIC = "synthetic"
NO_NOISE = "none"
# In place of a group, where nothing recorded is.
NO_GROUP = ""

# Audio, its kind, and the group that it was recorded with.
Noise = tuple[Tensor, Tensor, Tensor]


@dataclasses.dataclass(frozen=True)
class Mixer:
    """Makes the mixtures of one split, inside a `tf.data` graph.

    A mixture is made in this order: speech of one speaker; with a probability a
    room, each as likely as any other, and a position in it, where the target keeps the
    direct path and the early reflections and the rest counts as noise; noise, scaled so
    that the speech as it is heard, room included, has the drawn ratio to it over the
    whole mixture; the level of the sum; the clip guard. In training,
    `config.augmentation` varies the speech before the room, the noise, the band of all,
    and last the noisy mixture.

    Speech shorter than a crop is continued, after a pause, by other utterances of
    its group (by itself if there are no others), so a crop has no padding. Noise
    shorter than the speech is continued by other recordings.

    Attributes:
        config: the settings.
        split: "train", "valid" or "test".
        speech: its speech.
        noise: its noise, None if no mixture shall have any.
        rir: its room impulse responses, None if no speech shall be in a room.
        turns: which utterance each mixture of an epoch begins with.
    """

    config: DataConfig
    split: str
    speech: RecordTable
    noise: RecordTable | None
    rir: RecordTable | None
    turns: Turns

    @property
    def per_epoch(self) -> int:
        """Mixtures in an epoch."""
        return self.turns.per_epoch

    def utterance(self, seed: Tensor, epoch: Tensor, index: Tensor) -> Tensor:
        """Returns the number of the utterance a mixture begins with.

        Shapes:
            int64 [], int64 [], int64 [] -> int32 []
        """
        split = SPLITS.index(self.split)
        order = stateless_random.epoch_seed(seed, split, epoch)
        base = stateless_random.mixture_seed(seed, split, epoch, index)
        turn = permuted(order, index, self.per_epoch)
        return self.turns.utterance(turn, fold(base, Purpose.TURN))

    def __call__(self, seed: Tensor, epoch: Tensor, index: Tensor) -> Mixture:
        """Makes one mixture.

        Args:
            seed: int64 [].
            epoch: int64 [].
            index: int64 [], from 0 to `per_epoch` - 1.

        Returns:
            `noisy`, `clean` and `noise` (exactly `noisy - clean`), float32
            [samples]; `length` int32 [], how many samples are no padding; `key`
            string [], "split/seed/epoch/index"; `snr_db` float32 [], inf without
            noise, -inf without speech; `level_dbfs` float32 []; `kind` string [], of the noise;
            `reverberant` bool [].
        """
        base = stateless_random.mixture_seed(seed, SPLITS.index(self.split), epoch, index)
        seeds = {purpose: fold(base, purpose) for purpose in Purpose}
        number = self.utterance(seed, epoch, index)
        dry = self._spoken(seeds, self._dry(seeds, number))
        heard, target, room = self._in_room(seeds, dry)
        noise, kind, noise_group = self._noise(seeds, number, tf.size(dry))
        return {
            **self._mixed(
                seeds, *self._varied.band_limited(seeds[Purpose.BAND], heard, target, noise)
            ),
            "length": tf.size(dry),
            "key": _key(self.split, seed, epoch, index),
            "kind": kind,
            "reverberant": room != NO_GROUP,
            "speaker": self.speech.group_of(number),
            "noise_group": noise_group,
            "room": room,
        }

    @property
    def _varied(self) -> Augmentation:
        # What a model is measured on does not change with how it is taught.
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
        return tf.ensure_shape(audio, [length])

    def _spoken(self, seeds: Seeds, dry: Tensor) -> Tensor:
        probability = self._varied.config.speechless_probability
        seed = seeds[Purpose.IS_SPEECHLESS]
        return either(seed, probability, lambda: tf.zeros_like(dry), lambda: dry)

    def _in_room(self, seeds: Seeds, dry: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns speech as it is heard, the target, and the room."""

        def dead() -> tuple[Tensor, Tensor, Tensor]:
            return dry, dry, tf.constant(NO_GROUP)

        rir = self.rir
        if rir is None:
            return dead()

        def alive() -> tuple[Tensor, Tensor, Tensor]:
            number = rir.drawn_by_group(seeds[Purpose.ROOM])
            response = rir.read(number)
            early = dsp.early_part(response, self.config.early_samples)
            heard, target = dsp.convolve_pair(dry, response, early)
            shape = dry.shape
            heard, target = tf.ensure_shape(heard, shape), tf.ensure_shape(target, shape)
            return heard, target, rir.group_of(number)

        return either(seeds[Purpose.IS_REVERBERANT], self.config.reverb_probability, alive, dead)

    def _noise(self, seeds: Seeds, number: Tensor, length: Tensor) -> Noise:
        """Returns noise, as loud as it happens to be."""
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
                lambda: self._no_voices(table, seeds, length),
            )

        return either(seeds[Purpose.IS_CLEAN], config.clean_probability, none, some)

    def _no_voices(self, table: RecordTable, seeds: Seeds, length: Tensor) -> Noise:
        """Returns noise that is no babble: Gaussian, synthetic, or recorded once or twice."""
        varied, seed = self._varied, seeds[Purpose.NOISE]
        fade = round(constants.FADE_S * self.config.sample_rate)

        def stretch(seed: Tensor, colour: Tensor) -> Tensor:
            return varied.noise(colour, length, lambda n: _recorded(table, seed, n, fade))

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
        """Returns recorded noise, now and then with synthetic noise in it or in its place."""
        settings = self._varied.config

        def synthetic() -> Tensor:
            return SyntheticNoise(self.config.sample_rate)(fold(seed, 2), length)

        def both() -> Noise:
            audio, kind, group = recorded()
            second = synthetic()
            quieter_db = uniform(fold(seed, 3), -settings.synthetic_db, settings.synthetic_db)
            return audio + second * dsp.gain_for_snr(audio, second, quieter_db), kind, group

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
            quieter_db = uniform(fold(seed, 3), 0.0, settings.second_noise_db)
            return first + second * dsp.gain_for_snr(first, second, quieter_db)

        return either(fold(seed, 0), settings.second_noise_probability, both, lambda: first)

    def _mixed(self, seeds: Seeds, heard: Tensor, target: Tensor, noise: Tensor) -> Mixture:
        config = self.config
        snr_db = uniform(seeds[Purpose.SNR], config.snr_db_min, config.snr_db_max)
        level = uniform(seeds[Purpose.LEVEL], config.level_dbfs_min, config.level_dbfs_max)
        noise *= dsp.gain_for_snr(heard, noise, snr_db)
        noisy = heard + noise
        gain = dsp.gain_to_level(noisy, level)
        gain *= dsp.clip_guard(gain * tf.concat([noisy, target], axis=0), config.peak_max)
        clean = gain * target
        noisy = self._varied.distorted(seeds[Purpose.DISTORTION], gain * noisy)
        return {
            "noisy": noisy,
            "clean": clean,
            "noise": noisy - clean,
            "snr_db": dsp.snr_db(heard, noise),
            "level_dbfs": dsp.level_dbfs(noisy),
        }


def _first_record(table: RecordTable, seed: Tensor) -> Tensor:
    return below(fold(seed, 0), table.count)


def _recorded(table: RecordTable, seed: Tensor, length: Tensor, fade: int) -> Tensor:
    """Returns a stretch of recorded noise, which begins with `_first_record`."""

    def pick(_: Tensor, seed: Tensor) -> Tensor:
        return below(seed, table.count)

    return joined(lambda number: faded(table.read(number), fade), pick, seed, length)


def _key(split: str, seed: Tensor, epoch: Tensor, index: Tensor) -> Tensor:
    numbers = [tf.strings.as_string(number) for number in (seed, epoch, index)]
    return tf.strings.join([split, *numbers], separator="/")
