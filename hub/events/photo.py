"""Pictures of people: what counts as one, and what of it is kept. Pure.

Nothing is decoded, so that no picture can break what decodes it. A file is walked through, part by
part, and only the parts that are needed to show it are kept: where a picture was taken, by whom, with
which device, a smaller picture within it and whatever stands behind its end are left out.

Sources: ITU T.81 annex B (JPEG), JFIF 1.02, Exif 2.32 section 4.6.4 (orientation), PNG (W3C, 2003).
"""

import hashlib
import re
import zlib
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from hub.events.base import Model

MOST_BYTES = 500_000
LONGEST_SIDE = 4096  # pixels
JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
CUT = "it is cut off or damaged"

# no byte of the picture, no restart; `\xff+` would be a fortieth as fast, without a fixed beginning
_MARKER = re.compile(rb"\xff\xff*([^\x00\xff\xd0-\xd7])")
_JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"  # without a small picture
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_TABLES = {0xC4, 0xCC, 0xDB, 0xDD, 0xEE}  # 0xEE: how colours are written, by Adobe
_COLOURS = b"ICC_PROFILE\x00"
_ORIENTATION = 0x0112
_CHUNKS = {
    b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs", b"IDAT", b"IEND"
}  # fmt: skip


class NoPhotoError(ValueError):
    """These bytes are no picture that is taken; the text says why, and quotes nothing of them."""


class Photo(Model):
    """What is told of a picture; its bytes are kept apart, and never stand in an event."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="Digest of the bytes, in hex.")
    media_type: Literal["image/jpeg", "image/png"] = Field(description="What the bytes are.")
    size: int = Field(gt=0, le=MOST_BYTES, description="How many bytes.")


def taken(data: bytes) -> tuple[Photo, bytes]:
    """A picture as it is kept: what is told of it, and its bytes without what is not shown.

    Raises:
        NoPhotoError: it is no JPEG or PNG, too large, or damaged.
    """
    if len(data) > MOST_BYTES:
        raise NoPhotoError(f"it is larger than {MOST_BYTES // 1000} kB")
    try:
        if data.startswith(JPEG):
            return _photo("image/jpeg", _jpeg(data))
        if data.startswith(PNG):
            return _photo("image/png", _png(data))
    except IndexError as error:
        raise NoPhotoError(CUT) from error
    raise NoPhotoError("it is neither JPEG nor PNG")


def _photo(media_type: Literal["image/jpeg", "image/png"], data: bytes) -> tuple[Photo, bytes]:
    digest = hashlib.sha256(data).hexdigest()
    return Photo(sha256=digest, media_type=media_type, size=len(data)), data


def _measured(width: int, height: int) -> None:
    if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE):
        raise NoPhotoError(f"a side has no pixels, or more than {LONGEST_SIDE}")


# --- JPEG ------------------------------------------------------------------------------------


def _jpeg(data: bytes) -> bytes:
    parts, turned, measured = list[bytes](), 1, False
    for marker, content, entropy in _segments(data):
        if marker in _FRAMES:
            _measured(_number(content[3:5]), _number(content[1:3]))
            measured = True
        if marker == 0xE1 and content.startswith(b"Exif\x00\x00"):
            turned = _orientation(content[6:])
        elif _is_needed(marker, content):
            parts += [_segment(marker, content), entropy]
        elif marker == 0xE0 and content.startswith(b"JFIF") and _JFIF not in parts:
            parts.append(_JFIF)
    if not measured or not any(one.startswith(b"\xff\xda") for one in parts):
        raise NoPhotoError(CUT)
    return b"".join([b"\xff\xd8", *_turned(parts, turned), b"\xff\xd9"])


def _segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Marker, content and, of a scan, the bytes of the picture that follow it; up to the end."""
    at = 2
    while True:
        found = _MARKER.match(data, at)
        if found is None:
            raise NoPhotoError(CUT)
        marker, at = found[1][0], found.end()
        if marker == _END:
            return
        stop = at + _number(data[at : at + 2])
        content = data[at + 2 : stop]
        if stop > len(data) or stop < at + 2 or marker in {0x01, _START}:
            raise NoPhotoError(CUT)
        at = stop
        if marker == _SCAN:
            following = _MARKER.search(data, at)
            at = following.start() if following else len(data)
        yield marker, content, data[stop:at]


def _is_needed(marker: int, content: bytes) -> bool:
    known = marker in _TABLES or marker in _FRAMES or marker == _SCAN
    return known or (marker == 0xE2 and content.startswith(_COLOURS))


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2) + content


def _number(two: bytes) -> int:
    if len(two) < 2:
        raise NoPhotoError(CUT)
    return int.from_bytes(two)


def _orientation(tiff: bytes) -> int:
    """How the picture is turned, 1 to 8; 1 where that can't be read."""
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"
    start = int.from_bytes(tiff[4:8], order)
    for number in range(int.from_bytes(tiff[start : start + 2], order)):
        entry = tiff[start + 2 + 12 * number :][:12]
        if len(entry) < 12:
            break
        if int.from_bytes(entry[:2], order) == _ORIENTATION:
            turned = int.from_bytes(entry[8:10], order)
            return turned if 1 <= turned <= 8 else 1
    return 1


def _turned(parts: list[bytes], turned: int) -> list[bytes]:
    """With how it is turned, and nothing else of what a camera writes."""
    if turned == 1:
        return parts
    entry = (
        _ORIENTATION.to_bytes(2) + b"\x00\x03\x00\x00\x00\x01" + turned.to_bytes(2) + b"\x00\x00"
    )
    tiff = b"MM\x00\x2a\x00\x00\x00\x08\x00\x01" + entry + bytes(4)
    place = 1 if parts[0] == _JFIF else 0
    return [*parts[:place], _segment(0xE1, b"Exif\x00\x00" + tiff), *parts[place:]]


# --- PNG -------------------------------------------------------------------------------------


def _png(data: bytes) -> bytes:
    parts, kinds = [PNG], list[bytes]()
    for kind, content, whole in _chunks(data):
        if not kinds and (kind != b"IHDR" or len(content) != 13):
            raise NoPhotoError(CUT)
        if kind == b"IHDR":
            _measured(int.from_bytes(content[:4]), int.from_bytes(content[4:8]))
        kinds.append(kind)
        if kind in _CHUNKS:
            parts.append(whole)
    if b"IDAT" not in kinds:
        raise NoPhotoError(CUT)
    return b"".join(parts)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Name, content and all bytes of each part, up to the last one."""
    at, kind = len(PNG), b""
    while kind != b"IEND":
        stop = at + 12 + int.from_bytes(data[at : at + 4])
        whole = data[at:stop]
        if stop > len(data) or zlib.crc32(whole[4:-4]) != int.from_bytes(whole[-4:]):
            raise NoPhotoError(CUT)
        kind, at = whole[4:8], stop
        yield kind, whole[8:-4], whole
