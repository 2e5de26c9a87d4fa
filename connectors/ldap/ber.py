"""BER as LDAP uses it (RFC 4511, 5.1): definite lengths, written and read.

Only what the controls of a search need; entries have a decoder of their own, in `decode.py`.
"""

from collections.abc import Iterator


class DecodeError(Exception):
    """These bytes are no LDAP message as RFC 4511 has it."""


def tlv(tag: int, content: bytes) -> bytes:
    """One element: its tag, the length of its content, the content."""
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 128 | len(length))) + length + content


def integer(value: int, tag: int = 0x02) -> bytes:
    """A whole number in as few bytes as it takes."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def octets(value: bytes) -> bytes:
    """Plain bytes."""
    return tlv(0x04, value)


def sequence(*parts: bytes) -> bytes:
    """Elements in a row."""
    return tlv(0x30, b"".join(parts))


def long_length(data: bytes, at: int, first: int) -> tuple[int, int]:
    """Where the content starts and how long it is, after a first length byte above 127.

    Raises:
        DecodeError: the length is indefinite, too long for anything, or not all there.
    """
    count = first & 127
    if not 0 < count <= 8 or at + count > len(data):
        raise DecodeError("a length that LDAP does not know")
    return at + count, int.from_bytes(data[at : at + count], "big")


def element(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """The element at a position: its tag, and where its content starts and ends.

    Raises:
        DecodeError: it does not end within `end`.
    """
    if at + 2 > end:
        raise DecodeError("cut off in an element")
    tag, length, start = data[at], data[at + 1], at + 2
    if length > 127:
        start, length = long_length(data, start, length)
    if start + length > end:
        raise DecodeError("an element longer than what holds it")
    return tag, start, start + length


def elements(data: bytes, at: int = 0, end: int | None = None) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element in a row.

    Raises:
        DecodeError: the row does not end where it should.
    """
    end = len(data) if end is None else end
    while at < end:
        tag, start, at = element(data, at, end)
        yield tag, data[start:at]


def inside(data: bytes, tag: int = 0x30) -> list[tuple[int, bytes]]:
    """The elements of the one element (a sequence) that the bytes are.

    Raises:
        DecodeError: they are not exactly that.
    """
    found, start, end = element(data, 0, len(data))
    if found != tag or end != len(data):
        raise DecodeError("another element than expected")
    return list(elements(data, start, end))


def number(content: bytes) -> int:
    """The value of an integer, an enumeration or a truth."""
    return int.from_bytes(content, "big", signed=True)
