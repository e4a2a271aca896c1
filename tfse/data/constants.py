"""Constants of the mixtures, shared by the tf.data pipeline and `tools/jax_training`.

Ranges are those that random numbers are drawn from, (lowest, highest).
"""

from __future__ import annotations

# === Joining === Silence between two utterances of one speaker, and the fade where two noise
# recordings meet, so that the joint does not click.
PAUSE_S = 0.2
FADE_S = 0.005
# Blocks of speech, 20 ms at 16 kHz, and the power below which all of a cut is background,
# as a share of the loudest block of its recording: 40 dB down.
ACTIVITY_SAMPLES = 320
ACTIVITY = 1e-4
# Level of each voice of babble, which is scaled as a whole afterwards.
VOICE_DBFS = -25.0

# === Frequency responses === Bumps of a random one, their widths in octaves and lowest centre.
BUMPS = 4
BUMP_OCTAVES = (0.4, 1.6)
BUMP_LOWEST_HZ = 60.0
# Coloured noise is shaped this much more than a recording is.
COLOUR_DB = 20.0
# Width of the slope of a band limit, as a share of its cut-off.
BAND_LIMIT_SLOPE = 0.05
# Of the mu-law of ITU-T G.711.
MU = 255.0

# === Synthetic noise ===
LOWEST_HZ = 20.0
# Oscillators stay below this share of the Nyquist frequency.
HIGHEST_SHARE = 0.95
TONE_HZ_MIN = 50.0
# Wobble and vibrato: how often per second, and how far as a share of the frequency.
WOBBLE_HZ = (0.1, 8.0)
WOBBLE_MAX, VIBRATO_MAX = 0.05, 0.01
SWEEP_S = (0.1, 3.0)
# Mains, engines and fans; samples of one period in a table.
HUM_HZ = (45.0, 400.0)
HARMONICS, TABLE = 60, 4096
TILT = (0.4, 1.8)
BAND_OCTAVES = (0.1, 6.0)
# Width of the slope of a band, as a share of its limits.
BAND_SLOPE = 0.01
CLICK_HZ = (1.0, 30.0)
RING_HZ = (150.0, 6000.0)
RING_S = (0.001, 0.03)

# === Envelopes of synthetic noise ===
MODULATION_HZ = (0.1, 8.0)
GATE_S = (0.2, 3.0)
EVENT_S = (0.1, 1.5)
RAMP_S = (0.005, 0.05)
