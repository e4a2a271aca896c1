"""Image source model: impulse responses of boxes, exact early part and diffuse late part.

Reflections are computed until `END_EARLY_S`, or until there are `IMAGES_MAX` of them. The late part
is Gaussian noise that decays at the requested rate in each octave and starts at the level at which
the reflections end. By then, 0.1 s in the smallest rooms, sound has crossed a room at least twelve
times, and the tails of one room are diffuse and alike.

Source:
    Allen and Berkley, "Image method for efficiently simulating small-room acoustics", JASA 65(4),
    1979. Lehmann and Johansson, "Diffuse reverberation model for efficient image-source
    simulation of room impulse responses", IEEE TASLP 18(6), 2010. The latter fits the noise to a
    predicted decay; here the decay of the images is measured, and the whole response is
    multiplied by the exponential that turns it into the requested decay.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SPEED_OF_SOUND_M_S = 343.0
# Centres of the octaves; the last one includes all frequencies above it.
CENTRES_HZ = np.array([125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0])
# Responses are zero below half of this, as boxes have no realistic bass.
LOWEST_HZ = 80.0
# Directivity of a talker per octave: p of the cardioid p + (1 - p) cos(angle), from 2 dB between
# front and back in the lowest to 14 dB in the highest. The values are chosen, not measured: talkers
# are directional in the treble and hardly in the bass.
CARDIOIDS = np.array([0.90, 0.85, 0.80, 0.75, 0.70, 0.65, 0.60])
END_EARLY_S, IMAGES_MAX = 0.25, 12_000
FADE_S = 0.02
# Energy of the images is counted in bins of this length.
BIN_S = 0.004
# Images are placed on a grid finer than the samples by this factor.
OVERSAMPLING = 8
# Delay that keeps the ringing of the band limit before the direct path.
DELAY_S = 0.0025
# Level of the start of a response relative to its end.
DECAY_DB = 70.0
# Decay rate of energy, in 1/s, times the reverberation time.
RATE_60_DB = 6.0 * np.log(10.0)


@dataclasses.dataclass(frozen=True)
class Box:
    """A room with the absorption of its surfaces and its air.

    Attributes:
        size_m: length, width and height, metres.
        losses: float [6, octaves], -ln(1 - absorption) of the walls at x = 0 and at the length,
            then of those of y and of z.
        air: float [octaves], energy absorption of the air, 1/m.
        rt60_s: float [octaves], reverberation times of the responses, seconds.
    """

    size_m: tuple[float, float, float]
    losses: Array
    air: Array
    rt60_s: Array


@dataclasses.dataclass(frozen=True)
class Images:
    """Images of the talker at the microphone, direct and reflected.

    Attributes:
        time_s: float [images], times of arrival.
        gains: float [images, octaves].
    """

    time_s: Array
    gains: Array


def render(
    box: Box, talker_m: Array, facing: Array, microphone_m: Array, sample_rate: int, seed: Any
) -> npt.NDArray[np.float32]:
    """Returns the impulse response from a talker to a microphone, peak 1.

    Args:
        box: room.
        talker_m: position of the talker, metres.
        facing: unit vector of the direction that the talker faces.
        microphone_m: position of the microphone, metres.
        sample_rate: in Hz.
        seed: seed of the late noise.

    Shapes:
        float [3], [3], [3] -> float32 [taps]
    """
    end_s = _end_of_early_s(box.size_m)
    images = _images(box, talker_m, facing, microphone_m, end_s * SPEED_OF_SOUND_M_S)
    images, energy = _with_decay(images, box, end_s)
    direct_s = float(images.time_s.min())
    late_s = DECAY_DB / 60.0 * float(box.rt60_s.max())
    taps = round((DELAY_S + direct_s + late_s) * sample_rate)
    time_s = np.arange(taps) / sample_rate - DELAY_S
    fade = np.clip((end_s - time_s) / FADE_S, 0.0, 1.0) * (np.pi / 2)
    early = _early(images, taps, sample_rate)
    late = _noise(energy, box.rt60_s, time_s, sample_rate, seed)
    response = early * np.sin(fade) + late * np.cos(fade)
    return (response / np.abs(response).max()).astype(np.float32)


def _end_of_early_s(size_m: tuple[float, float, float]) -> float:
    x, y, z = size_m
    radius_m = float((IMAGES_MAX * x * y * z * 3 / (4 * np.pi)) ** (1 / 3))
    return min(END_EARLY_S, radius_m / SPEED_OF_SOUND_M_S)


def _images(box: Box, talker: Array, facing: Array, microphone: Array, reach_m: float) -> Images:
    axes = [
        _on_axis(box.size_m[n], talker[n], microphone[n], box.losses[2 * n : 2 * n + 2], reach_m)
        for n in range(3)
    ]
    squares = [np.square(offsets) for offsets, _, _ in axes]
    total = squares[0][:, None, None] + squares[1][:, None] + squares[2]
    chosen = np.nonzero(total <= reach_m**2)
    distance = np.sqrt(total[chosen])[:, None]
    looks = np.stack([facing[n] * axes[n][1][chosen[n]] for n in range(3)])
    cosine = looks.sum(axis=0)[:, None] / distance
    loss = np.stack([axes[n][2][chosen[n]] for n in range(3)]).sum(axis=0)
    gains = np.exp(-0.5 * (loss + box.air * distance)) / distance
    gains *= CARDIOIDS + (1.0 - CARDIOIDS) * cosine
    return Images(distance[:, 0] / SPEED_OF_SOUND_M_S, gains)


def _on_axis(
    length_m: float, talker: float, microphone: float, losses: Array, reach_m: float
) -> tuple[Array, Array, Array]:
    """Returns positions of images on one axis, directions at the talker, and losses.

    The sound of a mirrored image leaves the talker in the opposite direction.
    """
    count = int(np.ceil(reach_m / (2 * length_m))) + 1
    periods, mirrored = (
        grid.ravel() for grid in np.meshgrid(np.arange(-count, count + 1), (0, 1), indexing="ij")
    )
    sign = 1 - 2 * mirrored
    offset = microphone - (sign * talker + 2 * length_m * periods)
    reflections = np.stack([np.abs(periods - mirrored), np.abs(periods)], axis=1)
    near = np.abs(offset) <= reach_m
    return offset[near], (sign * offset)[near], (reflections @ losses)[near]


def _with_decay(images: Images, box: Box, end_s: float) -> tuple[Images, Array]:
    """Returns the images with the decay of the box.

    Returns:
        Images, and the energy per second of each octave that a diffuse decay would have had
        at time 0.
    """
    wanted = RATE_60_DB / box.rt60_s
    direct_s = images.time_s.min()
    start_s = min(direct_s + 2 * _mean_free_path_s(box.size_m), (direct_s + end_s) / 2)
    time_s, energy = _histogram(images, start_s, end_s)
    slopes, _ = np.polyfit(time_s, np.log(energy), 1)
    change = np.exp(-0.5 * (wanted + slopes) * (images.time_s - direct_s)[:, None])
    changed = Images(images.time_s, images.gains * change)
    time_s, energy = _histogram(changed, (start_s + end_s) / 2, end_s)
    return changed, np.exp(np.mean(np.log(energy) + wanted * time_s[:, None], axis=0))


def _mean_free_path_s(size_m: tuple[float, float, float]) -> float:
    x, y, z = size_m
    return 2 * x * y * z / (x * y + y * z + x * z) / SPEED_OF_SOUND_M_S


def _histogram(images: Images, start_s: float, end_s: float) -> tuple[Array, Array]:
    """Returns times and the energy per second at each: [bins], [bins, octaves]."""
    edges = np.linspace(start_s, end_s, max(3, round((end_s - start_s) / BIN_S)) + 1)
    energy = [np.histogram(images.time_s, edges, weights=power)[0] for power in (images.gains**2).T]
    filled = np.stack(energy, axis=1) / (edges[1] - edges[0])
    some = (filled > 0).all(axis=1)
    return ((edges[1:] + edges[:-1]) / 2)[some], filled[some]


def _early(images: Images, taps: int, sample_rate: int) -> Array:
    """Returns the sum of the images, each at its time between the samples."""
    fine = OVERSAMPLING * sample_rate
    place = np.round((images.time_s + DELAY_S) * fine).astype(np.int64)
    length = OVERSAMPLING * taps
    inside = place < length
    bands = _band_weights(taps, sample_rate)
    spectrum = np.zeros(bands.shape[1], np.complex128)
    for gains, weights in zip(images.gains.T, bands, strict=True):
        pulses = np.bincount(place[inside], gains[inside], length)
        spectrum += weights * np.fft.rfft(pulses)[: weights.size]
    return np.fft.irfft(spectrum, taps)


def _noise(energy: Array, rt60_s: Array, time_s: Array, sample_rate: int, seed: Any) -> Array:
    """Returns noise that decays in octaves from an energy per second at time 0."""
    taps = time_s.size
    white = np.fft.rfft(np.random.default_rng(seed).standard_normal(taps))
    total = np.zeros(taps)
    bands = _band_weights(taps, sample_rate)
    for weights, start, rt60 in zip(bands, energy, rt60_s, strict=True):
        level = np.sqrt(start / sample_rate) * np.exp(-0.5 * RATE_60_DB / rt60 * time_s)
        total += np.fft.irfft(weights * white, taps) * level
    return total


def _band_weights(taps: int, sample_rate: int) -> Array:
    """Returns zero-phase filters of the octaves, whose sum is 1 above `LOWEST_HZ`.

    Shapes:
        -> float [octaves, taps // 2 + 1]
    """
    hz = np.maximum(np.fft.rfftfreq(taps, 1 / sample_rate), 1.0)
    place = np.clip(np.log2(hz / CENTRES_HZ[0]), 0.0, CENTRES_HZ.size - 1.0)
    distance = np.abs(place - np.arange(CENTRES_HZ.size)[:, None])
    bands = np.cos(np.pi / 2 * np.minimum(distance, 1.0)) ** 2
    bass = np.clip(1.0 + np.log2(hz / LOWEST_HZ), 0.0, 1.0)
    nyquist = np.clip((sample_rate / 2 - hz) / (0.05 * sample_rate / 2), 0.0, 1.0)
    limits = np.sin(np.pi / 2 * bass) ** 2 * np.sin(np.pi / 2 * nyquist) ** 2
    return np.asarray(bands * limits, np.float64)
