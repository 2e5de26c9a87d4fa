"""The decoder of our own: the same as ldap3 and pyasn1 for what is LDAP, an error for all else."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ldap3.utils.asn1 import decode_message_fast
from pyasn1.codec.ber import encoder
from pyasn1.type.univ import Any as AnyType  # noqa: F401 - loads what the encoder needs

from connectors.ldap.ber import DecodeError, inside, integer, number, octets, sequence, tlv
from connectors.ldap.decode import Done, Entry, Names, Note, entries, message
from connectors.ldap.frames import EndedError, Frames, TooLargeError

# nothing is timed, on a machine that may be busy
CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NAMES = st.text("abcdefgXYZ-", min_size=1, max_size=12)
VALUES = st.lists(st.binary(max_size=300), max_size=4)
ENTRIES = st.tuples(st.text(max_size=60), st.dictionaries(NAMES, VALUES, max_size=6))


def encoded(dn, values, id_=7, controls=b""):
    rows = [
        sequence(octets(k.encode()), tlv(0x31, b"".join(map(octets, v)))) for k, v in values.items()
    ]
    body = tlv(0x64, octets(dn.encode()) + sequence(*rows))
    return sequence(integer(id_), body + controls)


def read(data, id_=7, asked=()):
    return message(data, 0, len(data), id_, Names(asked))


def found_in(data, names=None):
    """What many at once are read as, cut out as from a socket; an error as such."""
    try:
        frames = list(itertools.islice(Frames(_pieces([data]), 1_000_000), 1))
        assert frames == [(data, 0, len(data))]
        return entries(frames, 7, names or Names(()))
    except (AssertionError, DecodeError, EndedError, TooLargeError):
        return DecodeError


def by_ldap3(data):
    payload = decode_message_fast(data)["payload"]
    rows = payload[1][3]
    return payload[0][3].decode(), {r[3][0][3].decode(): [v[3] for v in r[3][1][3]] for r in rows}


@CALM
@given(ENTRIES)
def test_an_entry_is_what_ldap3_reads(entry):
    data = encoded(*entry)
    found = read(data)
    assert isinstance(found, Entry)
    assert (found.dn, found.values) == entry == by_ldap3(data)
    assert found_in(data) == [found]


@CALM
@given(st.integers(-(2**40), 2**40))
def test_whole_numbers_are_written_as_pyasn1_writes_them(value):
    from pyasn1.type.univ import Integer

    assert integer(value) == encoder.encode(Integer(value))
    assert number(integer(value)[2:]) == value


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535, 65_536, 16_777_216])
def test_every_form_of_length(size):
    found = read(encoded("cn=x", {"jpegPhoto": [b"\x04" * size, b"z"], "a": [b"y" * size]}))
    assert [len(each) for each in found.values["jpegPhoto"]] == [size, 1]
    assert found.values["a"] == [b"y" * size]


def test_a_length_may_be_written_longer_than_it_needs():
    """BER allows it; some servers always write four bytes."""

    def long(tag, content):
        return bytes((tag, 0x84)) + len(content).to_bytes(4, "big") + content

    row = long(0x30, long(0x04, b"cn") + long(0x31, long(0x04, b"one") + long(0x04, b"two")))
    body = long(0x64, long(0x04, b"cn=x") + long(0x30, row))
    found = read(long(0x30, long(0x02, b"\x07") + body))
    assert (found.dn, found.values) == ("cn=x", {"cn": [b"one", b"two"]})


def windows(dn, values, id_=7):
    """As Active Directory on Windows writes it: four bytes for the length of all that holds more."""

    def holds(tag, *parts):
        content = b"".join(parts)
        return bytes((tag, 0x84)) + len(content).to_bytes(4, "big") + content

    rows = [
        holds(0x30, octets(k.encode()), holds(0x31, *map(octets, v))) for k, v in values.items()
    ]
    return holds(0x30, integer(id_), holds(0x64, octets(dn.encode()), holds(0x30, *rows)))


@CALM
@given(st.lists(ENTRIES, min_size=1, max_size=5), st.sampled_from([encoded, windows]))
def test_what_was_seen_before_is_read_the_same(entries, form):
    """The beginnings of attributes are remembered."""
    names = Names(())
    for entry in [*entries, *entries]:
        data = form(*entry)
        found = message(data, 0, len(data), 7, names)
        assert (found.dn, found.values) == entry == by_ldap3(data)
        assert found_in(data, names) == [found]


@pytest.mark.parametrize("controls", [b"", tlv(0xA0, sequence(octets(b"1.2.3")))])
@pytest.mark.parametrize("size", [0, 50, 100, 180, 250, 300, 70_000])
@pytest.mark.parametrize("form", [encoded, windows])
def test_many_at_once_are_the_same_as_one_by_one(form, size, controls):
    """Small and large, with controls and without; between them what is no entry."""
    plain = form("cn=x", {"cn": [b"x"], "title": [b"y" * size]})
    other = form("cn=" + "n" * size, {"cn": [b"x", b"z"]}, 7)
    with_controls = encoded("cn=x", {"cn": [b"x" * size]}, 7, controls)
    elsewhere = sequence(integer(7), tlv(0x73, octets(b"ldap://elsewhere/")))
    stream = plain + elsewhere + other + with_controls
    frames = list(itertools.islice(Frames(_pieces([stream]), 1_000_000), 4))
    one_by_one = [message(*each, 7, Names(())) for each in frames]
    assert entries(frames, 7, Names(())) == [each for each in one_by_one if each is not None]
    with pytest.raises(DecodeError):
        entries(frames, 8, Names(()))


@pytest.mark.parametrize("form", [encoded, windows])
@pytest.mark.parametrize("cut", range(1, 40))
def test_what_was_seen_before_does_not_make_up_for_what_is_missing(form, cut):
    names = Names(())
    values = {"cn": [b"some name"], "title": [b"x" * 30]}
    whole = form("cn=x", values)
    assert message(whole, 0, len(whole), 7, names).values == values
    assert names.known
    for data in (whole[:-cut], whole[:-cut] + b"\x00" * (cut - 1)):
        with pytest.raises(DecodeError):
            message(data, 0, len(data), 7, names)
        assert found_in(data, names) is DecodeError


WHOLE = encoded("cn=Zoë,dc=x", {"cn": [b"a", b"bb"], "photo": [b"\x00" * 300], "mail": [b"m"]})


@pytest.mark.parametrize("cut", range(len(WHOLE)))
def test_a_truncated_message_is_an_error_never_a_shorter_entry(cut):
    data = WHOLE[:cut]
    with pytest.raises(DecodeError):
        message(data, 0, len(data), 7, Names(()))
    with pytest.raises(EndedError):
        list(Frames(_pieces([data]), 1000))


@CALM
@given(st.lists(ENTRIES, min_size=1, max_size=4), st.data())
def test_messages_cut_anywhere_are_the_same(entries, data):
    stream = b"".join(encoded(*each) for each in entries)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True) if a < b]
    assert _entries(pieces, len(entries)) == entries


def test_a_message_split_at_every_byte():
    pieces = [WHOLE[at : at + 1] for at in range(len(WHOLE))]
    assert _entries(pieces, 1) == [(read(WHOLE).dn, read(WHOLE).values)]


def _entries(pieces, count):
    frames = iter(Frames(_pieces(pieces), 10_000_000))
    found = [message(*next(frames), 7, Names(())) for _ in range(count)]
    return [(each.dn, each.values) for each in found]


def _pieces(pieces):
    left = iter(pieces)
    return lambda _size: next(left, b"")


@CALM
@given(st.binary(max_size=200))
def test_anything_at_all_ends_in_an_answer_or_an_error(data):
    _ends(data)


@settings(CALM, max_examples=300)
@given(ENTRIES, st.data())
def test_a_damaged_message_ends_in_an_answer_or_an_error(entry, data):
    whole = bytearray(encoded(*entry))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    _ends(bytes(whole))


@settings(CALM, max_examples=300)
@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), st.data())
def test_a_damaged_message_is_the_same_to_whoever_saw_the_whole_one(values, data):
    form = data.draw(st.sampled_from([encoded, windows]))
    whole = form("cn=x", values)
    names = Names(())
    message(whole, 0, len(whole), 7, names)
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    found = _or_error(bytes(damaged), names)
    assert found == _or_error(bytes(damaged), Names(()))
    alike = [found] if isinstance(found, Entry) else [] if found is not DecodeError else found
    assert found_in(bytes(damaged)) == found_in(bytes(damaged), names) == alike


def _or_error(data, names):
    try:
        return message(data, 0, len(data), 7, names)
    except DecodeError:
        return DecodeError


def _ends(data):
    try:
        for frame in Frames(_pieces([data]), 1000):
            found = message(*frame, 7, Names(()))
            assert found is None or isinstance(found, Entry | Done | Note)
    except (DecodeError, EndedError, TooLargeError):
        pass


def test_a_size_of_which_nobody_should_hear_is_refused_before_it_is_read():
    asked = []

    def receive(size):
        asked.append(size)
        return b"\x30\x84\x7f\xff\xff\xff" + b"x" * 100

    with pytest.raises(TooLargeError, match="2147483647 bytes"):
        next(iter(Frames(receive, 1000)))
    assert len(asked) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\x80\x02\x01\x07\x00\x00",  # indefinite
        b"\x30\x89" + b"\x01" * 9,  # a length of nine bytes
        b"HTTP/1.1 400 Bad Request\r\n",
        sequence(integer(7), tlv(0x61, b"")),  # the answer to a bind
        sequence(integer(7), tlv(0x65, b"")),  # an end without a result
        sequence(integer(8), tlv(0x65, integer(0, 10) + octets(b"") * 2)),  # another question's
        sequence(octets(b"7"), tlv(0x65, integer(0, 10) + octets(b"") * 2)),
    ],
)
def test_what_is_no_answer_is_an_error(data):
    with pytest.raises(DecodeError):
        [message(*frame, 7, Names(())) for frame in Frames(_pieces([data]), 1000)]


def test_names_are_spelled_as_they_were_asked_for():
    found = read(
        encoded("cn=x", {"EMPLOYEEID": [b"1"], "Member;range=0-1": [b"2"], "other": [b"3"]}),
        asked=("employeeID", "member"),
    )
    assert found.values == {"employeeID": [b"1"], "member;range=0-1": [b"2"], "other": [b"3"]}


def test_controls_of_an_entry_and_of_the_end():
    control = sequence(octets(b"1.2.3"), tlv(0x01, b"\xff"), octets(b"value"))
    bare = sequence(octets(b"4.5"))
    controls = tlv(0xA0, control + bare)
    found = read(encoded("cn=x", {}, controls=controls))
    assert found.controls == {"1.2.3": b"value", "4.5": b""}
    end = tlv(0x65, integer(4096, 0x0A) + octets(b"") + octets("té".encode()))
    assert read(sequence(integer(7), end, controls)) == Done(4096, "té", found.controls)


def test_references_are_skipped_and_notes_are_told():
    assert read(sequence(integer(7), tlv(0x73, octets(b"ldap://elsewhere/")))) is None
    note = tlv(0x79, tlv(0x80, b"1.3.6") + tlv(0x81, b"\x30\x00"))
    assert read(sequence(integer(7), note)) == Note("1.3.6", b"\x30\x00")
    assert inside(b"\x30\x00") == []
