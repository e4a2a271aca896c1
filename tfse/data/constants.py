"""Constants of the prepared data and of the mixtures, shared by the programs that use them.

Ranges are those that random numbers are drawn from, (lowest, highest).
"""

from __future__ import annotations

# === Prepared data ===
SETS = ("speech", "noise", "rir")
# The order is part of the data: the number of a split seeds its mixtures.
SPLITS = ("train", "valid", "test")
ENCODINGS = ("pcm16", "flac")
# Full scale of 16-bit audio: a 16-bit source is kept exactly.
FULL_SCALE = 32768

# === Joining === Silence between two utterances of one speaker, and the fade at each end of a
# noise recording, which avoids a click where two recordings meet.
PAUSE_S = 0.2
FADE_S = 0.005
# Block length of speech activity, 20 ms at 16 kHz, and the power below which a block is
# background, relative to the loudest block of its recording: -40 dB.
ACTIVITY_SAMPLES = 320
ACTIVITY = 1e-4
# Level of each voice of babble; the sum is scaled afterwards.
VOICE_DBFS = -25.0

# === Frequency responses === Number of bumps of a random one, their widths in octaves and their
# lowest centre.
BUMPS = 4
BUMP_OCTAVES = (0.4, 1.6)
BUMP_LOWEST_HZ = 60.0
# Largest bump of coloured noise.
COLOUR_DB = 20.0
# Width of the slope of a band limit, as a share of its cut-off.
BAND_LIMIT_SLOPE = 0.05
# Parameter of the mu-law of ITU-T G.711.
MU = 255.0

# === Voices === Cut-off of a whisper's high-pass; the time for which a sound is held, and its
# earliest start as a share of the crop.
WHISPER_LOW_CUT_HZ = (0.0, 1000.0)
HELD_S = (0.3, 3.0)
HELD_AFTER = (0.0, 0.7)

# === Synthetic noise ===
LOWEST_HZ = 20.0
# Oscillators stay below this share of the Nyquist frequency.
HIGHEST_SHARE = 0.95
TONE_HZ_MIN = 50.0
# Wobble and vibrato: rate per second, and depth as a share of the frequency.
WOBBLE_HZ = (0.1, 8.0)
WOBBLE_MAX, VIBRATO_MAX = 0.05, 0.01
SWEEP_S = (0.1, 3.0)
# Mains, engines and fans; the number of harmonics, and samples of the table of one period.
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

# === Changes within a crop === Times of a splice of two mixtures, and at which a second talker
# fades in, as shares of the crop.
SPLICE_AT = (0.1, 0.7)
SECOND_TALKER_AT = (0.0, 0.7)
