"""The answers to a search, from bytes (RFC 4511, 4.5.2), sixteen times as fast as ldap3 does it.

ldap3 builds a tree of Python objects for each message and each value twice. Here a cursor walks
over the bytes, and one slice is made per value. Whatever is not exactly a message is a
`DecodeError`: never a guess, never an entry with half its values.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.ldap.ber import DecodeError, element, elements, inside, integer, long_length, number

ENTRY, DONE, REFERENCE, NOTE = 0x64, 0x65, 0x73, 0x79
INTEGER, OCTETS, SEQUENCE, SET, CONTROLS = 0x02, 0x04, 0x30, 0x31, 0xA0
SHORT, LONG = 8, 16  # bytes before a short value beside the name; Windows takes five per length
MOST_KNOWN = 20_000  # beginnings of attributes: a hundred names, each with many lengths

# by its first byte: how a length is read, with tag and length of what comes next; bytes it has
_FORMS = {
    0x81: (struct.Struct(">BBB").unpack_from, 2),
    0x82: (struct.Struct(">HBB").unpack_from, 3),
    0x84: (struct.Struct(">IBB").unpack_from, 5),
}

Values = Mapping[str, list[bytes]]
Controls = Mapping[str, bytes]


@dataclass(slots=True)
class Entry:
    """One entry of the directory; not frozen, for making it would take a microsecond more.

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
    """Names of attributes as they were asked for, whatever case the directory writes them in.

    Attributes:
        known: names by what stands before a single short value: tags, lengths and the name itself.
    """

    def __init__(self, asked: Sequence[str]) -> None:
        self._asked = {each.lower(): each for each in asked}
        self._spelled: dict[bytes, str] = {}
        self.known: dict[bytes, str] = {}

    def spelled(self, raw: bytes) -> str:
        """The name that these bytes stand for; remembered, because there are few."""
        if raw in self._spelled:
            return self._spelled[raw]
        name = raw.decode()
        kind, semicolon, option = name.partition(";")
        if name.lower() in self._asked:
            name = self._asked[name.lower()]
        elif semicolon:
            name = self._asked.get(kind.lower(), kind) + semicolon + option
        if len(self._spelled) < MOST_KNOWN:
            self._spelled[raw] = name
        return name

    def learn(self, beginning: bytes, raw: bytes) -> None:
        """Remember what stood before a single value of this attribute, if that is short."""
        form = LONG if beginning[1] == 0x84 else SHORT
        if len(beginning) == form + len(raw) and len(self.known) < MOST_KNOWN:
            self.known[beginning] = self.spelled(raw)


def entries(some: Iterable[tuple[bytes, int, int]], asked: int, names: Names) -> list[Entry]:
    """What `message` says of many messages, the entries among it; of the usual ones in few steps.

    Args:
        some: as `Frames` cuts them: bytes that hold a message, where in them it starts and ends.
        asked: the number of the question that they must answer.
        names: spells the names of attributes.

    Raises:
        DecodeError: one is no message, or answers another question.
    """
    head = integer(asked) + bytes((ENTRY,))
    found = []
    for data, start, end in some:
        one = _usual(data, start, end, head, names) or message(data, start, end, asked, names)
        if isinstance(one, Entry):
            found.append(one)
    return found


def _usual(data: bytes, start: int, end: int, head: bytes, names: Names) -> Entry | None:
    """The entry of a whole message in its usual form; None: to be looked at step by step.

    Nothing is taken for granted: what holds the others ends where they end, or it is not usual.
    """
    try:
        at = content(data, start)
        form = at + len(head)
        if data[at:form] != head:
            return None
        unpack, width = _FORMS[data[form]]
        size, tag, length = unpack(data, form + 1)
        at = form + width
        rest = at + 2 + length
        if at + size != end or tag != OCTETS or length > 127 or data[rest] != SEQUENCE:
            return None
        unpack, width = _FORMS[data[rest + 1]]
        first = rest + 1 + width
        if first + unpack(data, rest + 2)[0] != end:
            return None
        return Entry(data[at + 2 : rest].decode(), _attributes(data, first, end, names), {})
    except (KeyError, IndexError, struct.error, UnicodeDecodeError):
        return None


def operation(data: bytes, start: int) -> int:
    """What kind of message starts here, without looking whether it is one; 0: it is none."""
    at = content(data, start)
    try:
        return data[at + 2 + data[at + 1]]
    except IndexError:
        return 0


def content(data: bytes, start: int) -> int:
    """Where the content begins of what starts here: behind the tag and the length."""
    length = data[start + 1]
    return start + 2 + (length & 127 if length > 127 else 0)


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
        tag, first, stop = element(data, start, end)
        kind, at, after = element(data, first, stop)
        if tag != SEQUENCE or stop != end or kind != INTEGER or number(data[at:after]) != asked:
            raise DecodeError("not an LDAP message, or an answer to another question")
        return _operation(data, after, end, names)
    except (IndexError, UnicodeDecodeError) as error:
        raise DecodeError("not an LDAP message") from error


def _operation(data: bytes, at: int, end: int, names: Names) -> Entry | Note | Done | None:
    tag, at, stop = element(data, at, end)
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


def entry(data: bytes, at: int, end: int, names: Names) -> tuple[str, dict[str, list[bytes]]]:
    """Name and values of a SearchResultEntry whose content stands between two positions.

    Raises:
        DecodeError: an element does not end exactly where what holds it says.
        IndexError: the bytes end before it does.
        UnicodeDecodeError: a name is not UTF-8.
    """
    tag, at, stop = element(data, at, end)
    if tag != OCTETS:
        raise DecodeError("an entry without a name")
    dn = data[at:stop].decode()
    tag, at, stop = element(data, stop, end)
    if tag != SEQUENCE or stop != end:
        raise DecodeError("an entry without attributes")
    return dn, _attributes(data, at, end, names)


def _attributes(data: bytes, at: int, end: int, names: Names) -> dict[str, list[bytes]]:
    """The hot loop. Nearly every attribute has one short value.

    What stands before such a value (tags, lengths and the attribute's name) was checked when it
    came for the first time; from then on it is known by its bytes. All else goes the general way.
    Where a name's length stands tells the first attribute: a server keeps to one form.
    """
    known, values = names.known, dict[str, list[bytes]]()
    before, named = (LONG, 7) if data[at + 1 : at + 2] == b"\x84" else (SHORT, 3)
    while at < end:
        try:
            while at < end:
                value = at + before + data[at + named]
                name = known[data[at:value]]
                at = value + data[value - 1]
                values[name] = [data[value:at]]
        except KeyError:
            start = at
            raw, found, at = _attribute(data, at, end)
            values[names.spelled(raw)] = found
            if len(found) == 1:
                names.learn(data[start : at - len(found[0])], raw)
    if at != end:
        raise DecodeError("an entry that does not end where it says")
    return values


def _attribute(data: bytes, at: int, end: int) -> tuple[bytes, list[bytes], int]:
    """Name and values of any attribute, and where it ends."""
    tag, at, last = element(data, at, end)
    kind, first, stop = element(data, at, last)
    if tag != SEQUENCE or kind != OCTETS:
        raise DecodeError("not an attribute")
    tag, at, end = element(data, stop, last)
    if tag != SET or end != last:
        raise DecodeError("an attribute that does not end with its values")
    found = []
    while at < last:
        tag, at, size = data[at], at + 2, data[at + 1]
        if size > 127:
            at, size = long_length(data, at, size)
        if tag != OCTETS:
            raise DecodeError("not a value")
        found.append(data[at : at + size])
        at += size
    if at != last:
        raise DecodeError("a value longer than what holds it")
    return data[first:stop], found, last


def _done(content: bytes, controls: Controls) -> Done:
    said = list(elements(content))
    if [tag for tag, _ in said[:3]] != [0x0A, 0x04, 0x04]:
        raise DecodeError("an end without a result")
    return Done(number(said[0][1]), said[2][1].decode(errors="replace"), controls)


def _controls(data: bytes, at: int, end: int) -> Controls:
    found: dict[str, bytes] = {}
    if at == end:
        return found
    for _, control in inside(data[at:end], tag=CONTROLS):
        plain = [content for tag, content in elements(control) if tag == OCTETS]
        if not plain:
            raise DecodeError("a control without a name")
        found[plain[0].decode()] = plain[1] if len(plain) > 1 else b""
    return found
