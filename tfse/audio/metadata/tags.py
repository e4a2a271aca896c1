"""Tags: texts and pictures in a vocabulary that FLAC, Ogg and ID3 share.

The vocabulary is that of Vorbis comments. Source of the ID3 names: ID3v2.4 frames, ID3.org, 2000.
mutagen is imported here and in `tag_files` only, on first use.
"""

from __future__ import annotations

import base64
import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mutagen.flac import Picture
    from mutagen.id3 import ID3

#: Vorbis comment that holds a picture.
PICTURE_KEY = "metadata_block_picture"
_FRAMES = {
    "album": "TALB",
    "albumartist": "TPE2",
    "artist": "TPE1",
    "bpm": "TBPM",
    "composer": "TCOM",
    "conductor": "TPE3",
    "copyright": "TCOP",
    "date": "TDRC",
    "discnumber": "TPOS",
    "genre": "TCON",
    "grouping": "TIT1",
    "isrc": "TSRC",
    "language": "TLAN",
    "lyricist": "TEXT",
    "organization": "TPUB",
    "subtitle": "TIT3",
    "title": "TIT2",
    "tracknumber": "TRCK",
}
_KEYS = {frame: key for key, frame in _FRAMES.items()}
_COMMENTS = ("comment", "description")
# They describe the encoding or the level of the source, not of the result.
_OF_ENCODING = ("encoder", "replaygain_", "r128_", "itunsmpb", "itunnorm", "tsse", "tlen", "mllt")


@dataclasses.dataclass
class Tags:
    """Texts and pictures of a recording.

    Attributes:
        comments: names in lower case and their texts, in order.
        pictures: with type, description and data.
        id3: the ID3 tag that they came from; None for another kind.
        blocks: cue sheet and application data of a FLAC.
        unknown: names of what has no counterpart in Vorbis comments.
    """

    comments: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    pictures: list[Picture] = dataclasses.field(default_factory=list)
    id3: ID3 | None = None
    blocks: list[Any] = dataclasses.field(default_factory=list)
    unknown: list[str] = dataclasses.field(default_factory=list)

    def names(self) -> list[str]:
        """Returns the names of all texts, each once."""
        return list(dict.fromkeys(key for key, _ in self.comments))


def describes_encoding(name: str) -> bool:
    """Returns whether a tag would be false for another encoding of the recording."""
    return name.lower().startswith(_OF_ENCODING)


def of_comments(comments: list[tuple[str, str]], pictures: list[Picture]) -> Tags:
    """Returns the tags in Vorbis comments, some of which are pictures."""
    tags = Tags(pictures=list(pictures))
    for name, text in comments:
        key = name.lower()
        if key == PICTURE_KEY:
            tags.pictures.append(_picture_of(text))
        elif not describes_encoding(key):
            tags.comments.append((key, text))
    return tags


def of_id3(id3: ID3) -> Tags:
    """Returns the tags in an ID3 tag, without what describes its encoding."""
    for key in [key for key, frame in id3.items() if _describes_encoding(frame)]:
        del id3[key]
    tags = Tags(id3=id3)
    for frame in id3.values():
        _add_frame(tags, frame)
    return tags


def to_comments(tags: Tags) -> list[tuple[str, str]]:
    """Returns Vorbis comments, without pictures."""
    return [(key.upper(), text) for key, text in tags.comments]


def picture_comment(picture: Picture) -> tuple[str, str]:
    """Returns a Vorbis comment that holds a picture."""
    return PICTURE_KEY.upper(), base64.b64encode(picture.write()).decode("ascii")


def to_id3(tags: Tags) -> ID3:
    """Returns an ID3 tag; the one that the tags came from, if any, with what was added."""
    from mutagen import id3

    made = id3.ID3() if tags.id3 is None else tags.id3
    known = set() if tags.id3 is None else set(of_id3(tags.id3).names())
    for key in tags.names():
        if key not in known:
            made.add(_frame(key, [text for name, text in tags.comments if name == key]))
    for number, picture in enumerate(tags.pictures if tags.id3 is None else []):
        # Pictures of one description would replace each other.
        text = picture.desc or (str(number) if number else "")
        made.add(id3.APIC(3, picture.mime, picture.type, text, picture.data))
    return made


def _frame(key: str, texts: list[str]) -> Any:
    from mutagen import id3

    if key in _FRAMES:
        return id3.Frames[_FRAMES[key]](encoding=3, text=texts)
    if key in _COMMENTS:
        # The description keeps "comment" and "description" apart.
        return id3.COMM(encoding=3, lang="XXX", desc=key.removeprefix("comment"), text=texts)
    return id3.TXXX(encoding=3, desc=key, text=texts)


def _add_frame(tags: Tags, frame: Any) -> None:
    from mutagen import flac

    name = frame.FrameID
    if name == "APIC":
        picture = flac.Picture()
        picture.type, picture.mime = int(frame.type), frame.mime
        picture.desc, picture.data = frame.desc, frame.data
        tags.pictures.append(picture)
    elif name == "TXXX":
        tags.comments += [(frame.desc.lower() or "comment", text) for text in frame.text]
    elif name == "COMM":
        tags.comments += [("comment", text) for text in frame.text]
    elif name == "TCON":
        tags.comments += [("genre", text) for text in frame.genres]
    elif name in _KEYS:
        tags.comments += [(_KEYS[name], str(text)) for text in frame.text]
    else:
        tags.unknown.append(name)


def _describes_encoding(frame: Any) -> bool:
    return describes_encoding(frame.FrameID) or describes_encoding(getattr(frame, "desc", ""))


def _picture_of(text: str) -> Picture:
    from mutagen.flac import Picture

    return Picture(base64.b64decode(text))
