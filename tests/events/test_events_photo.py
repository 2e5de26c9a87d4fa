"""Pictures: what is taken, what is left out of it, and what is refused."""

import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hub.events import photo
from hub.events.photo import CUT, LONGEST_SIDE, MOST_BYTES, NoPhotoError, taken

PLACE = b"52.3702N 4.8952E of the photographer"


def chunk(kind, content):
    made = kind + content
    return struct.pack(">I", len(content)) + made + struct.pack(">I", zlib.crc32(made))


def jpeg(size=(24, 16), *, turned=1, **options):
    """A picture with everything that a telephone writes into it."""
    image = Image.new("RGB", size, (200, 40, 40))
    exif = image.getexif()
    exif[0x0112], exif[0x010E] = turned, PLACE.decode()
    exif.get_ifd(0x8825)[1] = "N"
    made = BytesIO()
    image.save(made, "JPEG", exif=exif, comment=PLACE, **options)
    return made.getvalue() + PLACE


def png(size=(24, 16)):
    made = BytesIO()
    Image.new("RGBA", size, (200, 40, 40, 128)).save(made, "PNG")
    data = made.getvalue()
    text = chunk(b"tEXt", b"Author\x00" + PLACE)
    return data[:33] + text + chunk(b"eXIf", PLACE) + data[33:] + PLACE


KINDS = {
    "baseline": jpeg(),
    "progressive": jpeg((64, 64), progressive=True),
    "restarts": jpeg((64, 64), restart_marker_blocks=1),
    "icc": jpeg(icc_profile=b"a profile of colours"),
    "png": png(),
}


@pytest.mark.parametrize("data", KINDS.values(), ids=KINDS)
def test_where_it_was_taken_is_left_out_and_what_is_seen_stays(data):
    told, kept = taken(data)
    assert PLACE in data
    assert PLACE not in kept
    assert told.size == len(kept) < len(data)
    before, after = Image.open(BytesIO(data)), Image.open(BytesIO(kept))
    assert before.tobytes() == after.tobytes()
    assert Image.MIME[after.format] == told.media_type
    assert after.info.get("icc_profile") == before.info.get("icc_profile")


@pytest.mark.parametrize("data", KINDS.values(), ids=KINDS)
def test_what_was_taken_once_stays_as_it_is(data):
    told, kept = taken(data)
    assert taken(kept) == (told, kept)


@pytest.mark.parametrize("turned", [1, 3, 6, 8])
def test_how_it_is_turned_is_the_only_word_of_the_camera_that_stays(turned):
    data = jpeg(turned=turned)
    _, kept = taken(data)
    assert dict(Image.open(BytesIO(kept)).getexif()) == ({} if turned == 1 else {0x0112: turned})
    assert taken(kept)[1] == kept


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "neither JPEG nor PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "neither"),
        (b"GIF89a" + bytes(40), "neither"),
        (b"\xff\xd8\xff", CUT),
        (b"\xff\xd8\xff\xd9", CUT),
        (jpeg()[: len(jpeg()) // 2], CUT),
        (png()[:60], CUT),
        (png().replace(b"IDAT", b"JDAT"), CUT),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""), CUT),
        (png((LONGEST_SIDE + 1, 1)), "more than"),
        (jpeg((1, LONGEST_SIDE + 1)), "more than"),
        (jpeg() + bytes(MOST_BYTES), "larger than 500 kB"),
    ],
)
def test_what_is_no_picture_is_refused(data, why):
    with pytest.raises(NoPhotoError, match=why):
        taken(data)


@settings(deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_damage_is_refused_or_harmless_and_never_breaks(name, draw):
    data = bytearray(KINDS[name])
    for _ in range(draw.draw(st.integers(1, 8))):
        data[draw.draw(st.integers(3, len(data) - 1))] = draw.draw(st.integers(0, 255))
    try:
        told, kept = taken(bytes(data[: draw.draw(st.integers(0, len(data)))]))
    except NoPhotoError:
        return
    assert told.size == len(kept)
    assert taken(kept) == (told, kept)


def test_a_smaller_picture_within_it_is_left_out():
    """What was cut away is often still seen in the thumbnail of JFIF."""
    _, plain = taken(jpeg())
    assert plain[2:20] == photo._JFIF
    small = b"\xff\xe0\x00\x13" + plain[6:18] + b"\x01\x01abc"
    assert taken(plain[:2] + small + plain[20:])[1] == plain
