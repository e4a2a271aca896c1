"""Track encoding: the arguments by which ffmpeg encodes audio as its source was encoded."""

from __future__ import annotations

from tfse.audio.ffmpeg.ffmpeg_process import encoders
from tfse.audio.ffmpeg.media import Stream

# Encoders whose name is not that of the codec.
_ENCODERS = {
    "amr_nb": "libopencore_amrnb",
    "amr_wb": "libvo_amrwbenc",
    "mp3": "libmp3lame",
    "opus": "libopus",
    "vorbis": "libvorbis",
    "wmapro": "wmav2",
}
# Codecs of containers for tracks that this ffmpeg cannot encode; AAC for the others.
_USUAL = {"asf": "wmav2", "avi": "libmp3lame", "mpeg": "mp2", "webm": "libopus"}
# Lossless codecs, and their sample formats for 16 bits and for more.
_LOSSLESS = {"alac": ("s16p", "s32p"), "flac": ("s16", "s32"), "wavpack": ("s16p", "s32p")}
# Containers that store by how many samples a decoder is late.
_STORES_DELAY = ("3gp", "ipod", "mov", "mp4")
_MATROSKA = ("matroska", "webm")
# Samples that encoder and decoder add at the beginning, measured with ffmpeg 5.1.
_DELAYS = {"aac": 1024, "ac3": 256, "eac3": 256, "mp2": 481, "mp3": 1105}
# Opus in Matroska: ffmpeg writes the time stamps too early by the delay that it stores.
_OPUS_DELAY_S = 312 / 48_000
# The encoder knows AAC-LC only, which needs a higher bit rate per channel than HE-AAC.
_LOW_COMPLEXITY_BITS = 48_000


def arguments(track: Stream, bit_rate: int, number: int, muxer: str) -> list[str]:
    """Returns the arguments for the encoder of an output stream.

    Args:
        track: of the source.
        bit_rate: of the source, in bits per second; 0 if unknown.
        number: of the output stream.
        muxer: of the container.
    """
    encoder = _ENCODERS.get(track.codec, track.codec)
    if encoder not in encoders():
        return [f"-c:{number}", _USUAL.get(muxer, "aac")]
    chosen = [f"-c:{number}", encoder]
    if track.codec in _LOSSLESS:
        sample_format = _LOSSLESS[track.codec][track.bits > 16]
        return [*chosen, f"-sample_fmt:{number}", sample_format]
    if track.codec.startswith("pcm_") or not bit_rate:
        return chosen
    if track.profile.startswith("HE-AAC"):
        bit_rate = max(bit_rate, _LOW_COMPLEXITY_BITS * track.channels)
    return [*chosen, f"-b:{number}", str(bit_rate)]


def muxer_arguments(muxer: str) -> list[str]:
    """Returns the arguments for the container."""
    if muxer in _STORES_DELAY:
        # A player can begin before the file is there to its end.
        return ["-movflags", "+faststart"]
    # Without it all time stamps would be later by 1.4 s.
    return ["-muxdelay", "0", "-muxpreload", "0"] if muxer == "mpegts" else []


def delay_samples(track: Stream, muxer: str) -> int:
    """Returns by how many samples a track is late after encoding and decoding.

    Negative where as many are lost at the beginning; 0 where the container stores the delay.
    """
    if muxer in _STORES_DELAY:
        return 0
    if track.codec in ("wmav1", "wmav2"):
        return -_wma_frame(track)
    return _DELAYS.get(track.codec, 0)


def early_s(track: Stream, muxer: str) -> float:
    """Returns by how many seconds ffmpeg writes the time stamps of a track too early."""
    return _OPUS_DELAY_S if track.codec == "opus" and muxer in _MATROSKA else 0.0


def _wma_frame(track: Stream) -> int:
    """Returns the length of a frame, which the decoder drops."""
    if track.sample_rate <= 16_000:
        return 512
    short = 32_000 if track.codec == "wmav1" else 22_050
    return 1024 if track.sample_rate <= short else 2048
