"""Reference of the loudness disturbance: loops over frames, in double precision.

By the description of P.862 in Beerends et al., JAES 50(10), 2002, with the tables of
`tfse.dsp.loudness`.
"""

import numpy as np
from scipy import signal

from tfse.dsp.loudness import EXPONENTS, THRESHOLDS, WIDTHS_BARK, bark_power

SECTION = ([2.740826, -5.4816519, 2.740826], [1.0, -1.9444777, 0.94597794])
MATRIX = np.asarray(bark_power(np.eye(257, dtype=np.float32)), np.float64)


def disturbance(clean, enhanced):
    """Returns 0.1 D + 0.0309 D_A of two waveforms, `[samples]`."""
    clean, enhanced = _bands(clean), _bands(enhanced)
    clean, enhanced = _equalized(clean, enhanced)
    symmetric, asymmetric = zip(*map(_frame, clean, enhanced), strict=True)
    return 0.1 * _joined(symmetric) + 0.0309 * _joined(asymmetric)


def _bands(waveform):
    """Returns band powers, `[frames, bands]`, scaled to 1e7 between 325 and 3250 Hz."""
    count = -(-(len(waveform) + 256) // 256)
    padded = np.pad(waveform.astype(float), (256, count * 256 - len(waveform)))
    window = signal.get_window("hann", 512)
    power = np.array(
        [np.abs(np.fft.rfft(window * padded[t * 256 : t * 256 + 512])) ** 2 for t in range(count)]
    )
    hz = np.fft.rfftfreq(512, 1 / 16_000)
    # Parseval: mean square of the windowed frames over the mean square of the window.
    energy = 2 * power[:, (hz >= 325) & (hz <= 3250)].sum() / 512
    level = energy / (np.square(window).mean() * 2) / len(waveform)
    gain = np.abs(signal.freqz(*SECTION, worN=hz, fs=16_000)[1]) ** 2
    return (power * gain * 1e7 / level) @ MATRIX


def _audible(frame, above=1.0):
    return sum(
        x for x, threshold in zip(frame[1:], THRESHOLDS[1:], strict=True) if x > above * threshold
    )


def _equalized(clean, enhanced):
    active = [_audible(frame, 100) >= 1e7 for frame in clean]
    loud = 100 * THRESHOLDS
    means = [
        sum(
            (frame * (frame > loud) for frame, on in zip(x, active, strict=True) if on),
            np.zeros(49),
        )
        / len(x)
        for x in (clean, enhanced)
    ]
    clean = clean * np.clip((means[1] + 1000) / (means[0] + 1000), 0.01, 100)
    scaled, gain = [], None
    for mine, other in zip(clean, enhanced, strict=True):
        ratio = (_audible(mine) + 5e3) / (_audible(other) + 5e3)
        gain = ratio if gain is None else 0.2 * gain + 0.8 * ratio
        scaled.append(other * np.clip(gain, 3e-4, 5))
    return clean, scaled


def _sone(frame):
    power = 0.1866055 * (THRESHOLDS / 0.5) ** EXPONENTS
    return np.where(
        frame > THRESHOLDS, power * ((0.5 + 0.5 * frame / THRESHOLDS) ** EXPONENTS - 1), 0
    )


def _frame(clean, enhanced):
    """Returns both disturbances of a frame."""
    difference = _sone(enhanced) - _sone(clean)
    masked = 0.25 * np.minimum(_sone(enhanced), _sone(clean))
    audible = np.sign(difference) * np.maximum(np.abs(difference) - masked, 0)
    asymmetry = np.minimum(((enhanced + 50) / (clean + 50)) ** 1.2, 12)
    asymmetry[asymmetry < 3] = 0
    weight = ((_audible(clean) + 1e5) / 1e7) ** 0.04
    both = (_norm(audible, 2) / weight, _norm(audible * asymmetry, 1) / weight)
    return [min(d, 45 + 0.01 * (d - 45)) for d in both]


def _norm(values, order):
    widths = WIDTHS_BARK[1:].astype(float)
    return widths.sum() * (np.sum((np.abs(values[1:]) * widths) ** order) / widths.sum()) ** (
        1 / order
    )


def _joined(frames):
    syllables = [
        (np.sum(np.power(frames[start : start + 20], 6)) / 20) ** (1 / 6)
        for start in range(0, len(frames), 10)
    ]
    return np.sqrt(np.mean(np.square(syllables)))
