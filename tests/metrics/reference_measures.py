"""Reference of the metrics of Hu and Loizou: loops over frames, bands and lags."""

import math

import numpy as np
import scipy.linalg

# Bark-like bands of the authors' program: centre and width in Hz.
BANDS = """50 70, 120 70, 190 70, 260 70, 330 70, 400 70, 470 70, 540 77.3724, 617.372 86.0056,
703.378 95.3398, 798.717 105.411, 904.128 116.256, 1020.38 127.914, 1148.30 140.423,
1288.72 153.823, 1442.54 168.154, 1610.70 183.457, 1794.16 199.776, 1993.93 217.153,
2211.08 235.631, 2446.71 255.255, 2701.97 276.072, 2978.04 298.126, 3276.17 321.465,
3597.63 346.136"""


def frames(waveform, rate):
    """Yields windowed frames as `composite.m` cuts them."""
    length = round(0.03 * rate)
    hop = length // 4
    window = [0.5 * (1 - math.cos(2 * math.pi * n / (length + 1))) for n in range(1, length + 1)]
    for i in range(math.floor(len(waveform) / hop - length / hop)):
        yield (waveform[i * hop : i * hop + length] + np.finfo(float).eps) * window


def segmental_snr(reference, estimate, rate):
    values = []
    for r, e in zip(frames(reference, rate), frames(estimate, rate), strict=True):
        noise = sum((r - e) ** 2) + 2**-52
        values.append(min(max(10 * math.log10(sum(r**2) / noise + 2**-52), -10), 35))
    return sum(values) / len(values)


def llr(reference, estimate, rate, order=16):
    values = []
    for r, e in zip(frames(reference, rate), frames(estimate, rate), strict=True):
        matrix = scipy.linalg.toeplitz(lags(r, order))
        wrong, right = prediction(e, order), prediction(r, order)
        values.append(math.log((wrong @ matrix @ wrong) / (right @ matrix @ right)))
    return lowest(values)


def lags(frame, order):
    return np.array([frame[: len(frame) - k] @ frame[k:] for k in range(order + 1)])


def prediction(frame, order):
    r = lags(frame, order)
    return np.concatenate([[1.0], -np.linalg.solve(scipy.linalg.toeplitz(r[:-1]), r[1:])])


def wss(reference, estimate, rate):
    values = []
    for r, e in zip(frames(reference, rate), frames(estimate, rate), strict=True):
        levels = [band_levels(frame, rate) for frame in (r, e)]
        total = weight_sum = 0.0
        for i in range(24):
            weight = (weight_of(levels[0], i) + weight_of(levels[1], i)) / 2
            slopes = [level[i + 1] - level[i] for level in levels]
            total += weight * (slopes[0] - slopes[1]) ** 2
            weight_sum += weight
        values.append(total / weight_sum)
    return lowest(values)


def band_levels(frame, rate):
    size = 2 ** math.ceil(math.log2(2 * len(frame)))
    power = np.abs(np.fft.fft(frame, size)) ** 2
    levels = []
    for band in BANDS.split(","):
        centre, width = (float(hz) * size / rate for hz in band.split())
        narrowest = 70 * size / rate
        gain = [
            math.exp(-11 * ((j - math.floor(centre)) / width) ** 2) * narrowest / width
            for j in range(size // 2)
        ]
        gain = [g if g > math.exp(-30 / 4.606) else 0.0 for g in gain]
        levels.append(10 * math.log10(max(np.dot(power[: size // 2], gain), 1e-10)))
    return levels


def weight_of(level, i):
    n = i
    if level[i + 1] > level[i]:
        while n < 24 and level[n + 1] > level[n]:
            n += 1
        peak = level[n - 1]
    else:
        while n >= 0 and level[n + 1] <= level[n]:
            n -= 1
        peak = level[n + 1]
    return 20 / (20 + max(level) - level[i]) * 1 / (1 + peak - level[i])


def lowest(values):
    values = sorted(values)[: math.floor(len(values) * 0.95 + 0.5)]
    return sum(values) / len(values)
