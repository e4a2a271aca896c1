"""Mixer: training mixtures drawn and mixed on the accelerator.

The mixtures have the distribution of `tfse.data.mixer.Mixer`, with the same order of
steps and the same functions of `tfse.dsp.mixing`, but other random numbers. The first part of
a splice is the mixture before it in the batch, so that mixtures of a batch are not independent.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from keras import ops

from tfse.data import constants
from tfse.data.config import DataConfig
from tfse.dsp import mixing as dsp
from tools.jax_training.augmentation import Augmentation, either, uniform
from tools.jax_training.babble import Babble, utterances_of
from tools.jax_training.corpus import Corpus, EpochSampler, Recordings, pieces_for
from tools.jax_training.rooms import in_room
from tools.jax_training.store import Store
from tools.jax_training.stretches import Joining, at_speed, below
from tools.jax_training.synthetic import SyntheticNoise

Array = Any
Key = Any
Mixture = dict[str, Array]

_AUDIO = ("noisy", "clean")


@dataclasses.dataclass(frozen=True)
class Mixer:
    """Mixer of training mixtures from a corpus.

    Attributes:
        config: settings of the mixtures.
        speech_pieces: number of utterances that fill a crop at the highest speed.
        noise_pieces: likewise of noise recordings.
        taps: length of the longest room impulse response.
    """

    config: DataConfig
    speech_pieces: int
    noise_pieces: int
    taps: int

    def batch(self, key: Key, corpus: Corpus, size: int) -> Mixture:
        """Returns `size` mixtures: `noisy`, `clean`, `noise` [size, samples], `length` [size]."""
        draw, splice = jax.random.split(key)
        batch = jax.vmap(lambda key: self(key, corpus))(jax.random.split(draw, size))
        # The mixture before it in the batch costs nothing, unlike another one.
        before = {name: jnp.roll(batch[name], 1, axis=0) for name in _AUDIO}
        audio = {name: batch[name] for name in _AUDIO}
        audio = jax.vmap(self._spliced)(jax.random.split(splice, size), audio, before)
        return {**batch, **audio, "noise": audio["noisy"] - audio["clean"]}

    def __call__(self, key: Key, corpus: Corpus) -> Mixture:
        """Makes one mixture.

        Returns:
            `noisy` and `clean`, float32 [samples]; `length` float32 []; `snr_db`, drawn plus
            the offset of a second speaker, and `level_dbfs`, drawn, float32 [].
        """
        first, speech, second, room, noise, band, last = jax.random.split(key, 7)
        number = _first_utterance(first, corpus.sampler)
        silent, speech = jax.random.split(speech)
        dry = self._dry(speech, corpus.speech, number)
        dry, snr_offset_db = self._with_second_talker(second, corpus.speech, number, dry)
        dry = self._or_silence(silent, dry)
        heard, target = self._in_room(room, corpus, dry)
        noises = self._noise(noise, corpus, number)
        heard, target, noises = self._varied.band_limited(band, heard, target, noises)
        return {
            **self._mixed(last, snr_offset_db, heard, target, noises),
            "length": jnp.float32(self._samples),
        }

    def _spliced(self, key: Key, audio: Mixture, other: Mixture) -> Mixture:
        """Returns the signals of a mixture, with a probability after the start of another."""
        settings = self.config.augmentation
        chance, place, is_silent, level = jax.random.split(key, 4)
        weight = self._fade_in(uniform(place, *constants.SPLICE_AT))

        def another() -> Mixture:
            louder_db = uniform(level, -settings.splice_db, settings.splice_db)
            gain = dsp.splice_gain(audio, other, louder_db, self.config.peak_max)
            return {name: gain * other[name] for name in _AUDIO}

        def spliced() -> Mixture:
            silence = {name: jnp.zeros_like(signal) for name, signal in audio.items()}
            share = settings.splice_silence_probability
            before = either(is_silent, share, lambda: silence, another)
            return {name: weight * audio[name] + (1 - weight) * before[name] for name in _AUDIO}

        return either(chance, settings.splice_probability, spliced, lambda: audio)

    @property
    def _samples(self) -> int:
        return self.config.segment_samples

    @property
    def _varied(self) -> Augmentation:
        return Augmentation(self.config.augmentation, self.config.sample_rate)

    @property
    def _speech_joining(self) -> Joining:
        return Joining(pause=round(constants.PAUSE_S * self.config.sample_rate))

    def _dry(self, key: Key, speech: Recordings, number: Array) -> Array:
        """Returns speech of one speaker."""
        settings = self.config.augmentation
        others, cut, speed, colour, voice = jax.random.split(key, 5)
        following = utterances_of(others, speech, speech.groups[number], self.speech_pieces - 1)
        audio = at_speed(
            (cut, speed),
            speech,
            jnp.concatenate([number[None], following]),
            self._samples,
            self._speech_joining,
            settings.speech_speed_max,
            settings.speed_probability,
        )
        return self._varied.voice(voice, self._varied.equalized(colour, audio))

    def _or_silence(self, key: Key, dry: Array) -> Array:
        """Returns speech, or silence for a speechless mixture."""
        probability = self.config.augmentation.speechless_probability
        return either(key, probability, lambda: jnp.zeros_like(dry), lambda: dry)

    def _with_second_talker(
        self, key: Key, speech: Recordings, number: Array, dry: Array
    ) -> tuple[Array, Array]:
        """Returns speech, with a probability of two speakers, and an offset of the SNR, dB.

        With the offset, the second speaker has the drawn SNR where the first one ends.
        """
        settings = self.config.augmentation
        chance, draw, level, place, turn = jax.random.split(key, 5)

        def both() -> tuple[Array, Array]:
            make = Babble(1, 1, self.speech_pieces, self._speech_joining)
            voice = make(draw, speech, speech.groups[number], self._samples)
            quieter_db = uniform(level, 0.0, settings.second_talker_db)
            voice = voice * dsp.gain_for_snr(dry, voice, quieter_db)
            gain = self._fade_in(uniform(place, *constants.SECOND_TALKER_AT))
            talks_on = jax.random.uniform(turn) < 0.5
            second = gain * voice
            total = dry * jnp.where(talks_on, 1.0, 1.0 - gain) + second
            offset_db = dsp.level_above_part_db(total, second, gain)
            return total, jnp.where(talks_on, 0.0, offset_db)

        probability = settings.second_talker_probability
        return either(chance, probability, both, lambda: (dry, jnp.float32(0.0)))

    def _fade_in(self, place: Array) -> Array:
        """Returns a gain that rises from 0 to 1 at a place, a share of the crop."""
        fade = constants.FADE_S * self.config.sample_rate
        return jnp.clip((jnp.arange(self._samples) - place * self._samples) / fade, 0.0, 1.0)

    def _in_room(self, key: Key, corpus: Corpus, dry: Array) -> tuple[Array, Array]:
        """Returns reverberant speech and the target."""
        table = corpus.rir
        if table is None:
            return dry, dry
        chance, draw = jax.random.split(key)
        early = self.config.early_samples
        return either(
            chance,
            self.config.reverb_probability,
            lambda: in_room(draw, table, self.taps, dry, early),
            lambda: (dry, dry),
        )

    def _noise(self, key: Key, corpus: Corpus, number: Array) -> Array:
        """Returns noise at an arbitrary level."""
        table = corpus.noise
        silence = jnp.zeros(self._samples)
        if table is None:
            return silence
        clean, is_babble, voices, other = jax.random.split(key, 4)
        config = self.config
        speech = corpus.speech

        def babble() -> Array:
            fewest, most = config.babble_speakers_min, config.babble_speakers_max
            make = Babble(fewest, most, self.speech_pieces, self._speech_joining)
            return make(voices, speech, speech.groups[number], self._samples)

        def some() -> Array:
            return either(
                is_babble,
                config.babble_probability,
                babble,
                lambda: self._no_voices(other, table),
            )

        return either(clean, config.clean_probability, lambda: silence, some)

    def _no_voices(self, key: Key, table: Recordings) -> Array:
        """Returns noise other than babble: Gaussian, synthetic, or one or two recordings."""
        settings = self.config.augmentation
        is_coloured, gaussian, first, second, synthetic = jax.random.split(key, 5)

        def recorded() -> Array:
            return self._with_second(second, self._recorded(first, table), table)

        return either(
            is_coloured,
            settings.coloured_probability,
            lambda: self._varied.gaussian(gaussian, self._samples),
            lambda: self._with_synthetic(synthetic, recorded()),
        )

    def _with_synthetic(self, key: Key, recorded: Array) -> Array:
        """Returns recorded noise, sometimes with synthetic noise added or in its place."""
        settings = self.config.augmentation
        chance, is_alone, draw, level = jax.random.split(key, 4)

        def some() -> Array:
            synthetic = SyntheticNoise(self.config.sample_rate, self._samples)(draw)
            quieter_db = uniform(level, -settings.synthetic_db, settings.synthetic_db)
            both = recorded + synthetic * dsp.gain_for_snr(recorded, synthetic, quieter_db)
            share = settings.synthetic_alone_probability
            return either(is_alone, share, lambda: synthetic, lambda: both)

        return either(chance, settings.synthetic_probability, some, lambda: recorded)

    def _recorded(self, key: Key, table: Recordings) -> Array:
        settings = self.config.augmentation
        which, cut, speed, colour = jax.random.split(key, 4)
        audio = at_speed(
            (cut, speed),
            table,
            jax.random.randint(which, (self.noise_pieces,), 0, table.count),
            self._samples,
            Joining(fade=round(constants.FADE_S * self.config.sample_rate)),
            settings.noise_speed_max,
            settings.speed_probability,
        )
        return self._varied.equalized(colour, audio)

    def _with_second(self, key: Key, first: Array, table: Recordings) -> Array:
        settings = self.config.augmentation
        chance, draw, level = jax.random.split(key, 3)

        def both() -> Array:
            second = self._recorded(draw, table)
            quieter_db = uniform(level, 0.0, settings.second_noise_db)
            return first + second * dsp.gain_for_snr(first, second, quieter_db)

        return either(chance, settings.second_noise_probability, both, lambda: first)

    def _mixed(
        self, key: Key, snr_offset_db: Array, heard: Array, target: Array, noise: Array
    ) -> Mixture:
        config = self.config
        snr_key, level_key, distortion = jax.random.split(key, 3)
        snr_db = uniform(snr_key, config.snr_db_min, config.snr_db_max) + snr_offset_db
        level = uniform(level_key, config.level_dbfs_min, config.level_dbfs_max)
        noise = noise * dsp.gain_for_snr(heard, noise, snr_db)
        noisy = heard + noise
        gain = dsp.gain_to_level(noisy, level)
        gain = gain * dsp.clip_guard(gain * ops.concatenate([noisy, target]), config.peak_max)
        clean = gain * target
        noisy = self._varied.distorted(distortion, gain * noisy)
        return {
            "noisy": noisy,
            "clean": clean,
            "snr_db": snr_db,
            "level_dbfs": level,
        }


def make_mixer(store: Store, config: DataConfig) -> Mixer:
    """Returns the mixer of a store, with the sizes that its recordings need."""
    settings = config.augmentation
    is_sped = settings.speed_probability > 0

    def pieces(name: str, fastest: float, pause: int) -> int:
        table = getattr(store, name)
        longest = config.segment_samples * (fastest if is_sped else 1.0)
        return pieces_for(table, round(longest), pause) if table else 1

    pause = round(constants.PAUSE_S * config.sample_rate)
    return Mixer(
        config,
        pieces("speech", settings.speech_speed_max, pause),
        pieces("noise", settings.noise_speed_max, 0),
        int(store.rir.samples.max()) if store.rir else 0,
    )


def _first_utterance(key: Key, sampler: EpochSampler) -> Array:
    """Draws the first utterance of a mixture, int32 []."""
    run_key, crop_key = jax.random.split(key)
    run = below(run_key, sampler.first.shape[0])
    return sampler.crops[sampler.first[run] + below(crop_key, sampler.count[run])]


#: Function from a key and a corpus to a batch.
MakeBatch = Callable[[Key, Corpus], Mixture]
