"""Guests: add, extend, end, and requests that do not fit."""

import pytest

from connectors.guests.connector import GuestsConnector
from connectors.guests.models import GuestsSettings
from hub.contract import Batch, ReadRequest, Received, Receives, Ref
from hub.errors import RejectedError
from hub.events.payloads import dump
from hub.testing.fakes import fake_context

NOOR = "0f3a91c2-77b0-4d4e-9a51-0123456789ab"
SEM = "77b0d4e1-77b0-4d4e-9a51-0123456789ab"
ADD = {
    "action": "add", "id": "g-1", "at": "2026-11-23T08:00:00+01:00", "sponsor": NOOR,
    "given_name": "Kim", "infix": "van den", "family_name": "Bos", "ends": "2027-03-31T22:00:00Z",
}  # fmt: skip
STATE = {
    "enabled": True, "external": True, "display_name": "Kim van den Bos", "given_name": "Kim",
    "infix": "van den", "family_name": "Bos", "ends": "2027-03-31T22:00:00Z",
}  # fmt: skip
LATER = {"id": "g-1", "at": "2027-01-04T08:00:00Z", "sponsor": NOOR, "previous": STATE}


@pytest.fixture
def guests():
    return GuestsConnector(GuestsSettings(), fake_context("guests"))


def receive(guests, **data):
    batch = guests.receive(Received("guests", data))
    assert batch == Batch(records=batch.records)
    [record] = batch.records
    return record


def after(guests, **data):
    return dump(receive(guests, **data).payload)


def test_it_receives_and_reads_nothing(guests):
    assert isinstance(guests, Receives)
    [stream] = guests.streams()
    assert (stream.name, stream.every) == ("guests", None)
    with pytest.raises(RejectedError, match="hub people add"):
        guests.read(ReadRequest("guests"))


async def test_check_is_ok(guests):
    assert [finding.level for finding in await guests.check()] == ["ok"]


def test_who_is_added_is_an_external_with_a_sponsor_and_an_end(guests):
    record = receive(guests, **ADD)
    assert (record.key, record.container) == ("g-1", "guests")
    assert record.refs == (Ref("sponsor", "people", "person", NOOR),)
    assert dump(record.payload) == STATE


def test_every_field_arrives(guests):
    more = {"employer": "Loodgieters", "title": "Monteur", "user_name": "kbos",
            "contact_mail": "kim@example.org", "starts": "2026-12-01T00:00:00Z"}  # fmt: skip
    assert after(guests, **(ADD | more)) == STATE | more


def test_the_same_request_twice_is_one_and_another_of_the_same_key_is_refused(guests):
    assert after(guests, **ADD, previous=STATE) == STATE
    with pytest.raises(RejectedError, match="this key already"):
        receive(guests, **(ADD | {"given_name": "Sam"}), previous=STATE)


def test_extending_changes_the_end_and_the_sponsor_and_nothing_else(guests):
    asked = {"action": "extend", "ends": "2027-06-30T22:00:00Z", "sponsor": SEM}
    record = receive(guests, **(LATER | asked))
    assert dump(record.payload) == STATE | {"ends": "2027-06-30T22:00:00Z"}
    assert [one.value for one in record.refs] == [SEM]


def test_ending_twice_keeps_the_first_end(guests):
    first = after(guests, **LATER, action="end", ends="2027-01-04T08:00:00Z")
    assert first == STATE | {"ends": "2027-01-04T08:00:00Z"}
    again = LATER | {"previous": first, "action": "end", "ends": "2027-02-01T08:00:00Z"}
    assert after(guests, **again) == first


def test_who_ends_before_beginning_never_begins(guests):
    coming = STATE | {"starts": "2027-02-01T00:00:00Z"}
    ended = after(
        guests, **(LATER | {"previous": coming}), action="end", ends="2027-01-04T08:00:00Z"
    )
    assert ended == STATE | {"ends": "2027-01-04T08:00:00Z"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (ADD | {"family_name": None}, "needs a given name"),
        (ADD | {"ends": "2026-11-23T06:00:00Z"}, "end before it begins"),
        (ADD | {"starts": "2027-04-01T00:00:00Z"}, "end before it begins"),
        (ADD | {"ends": "2027-03-31T22:00:00"}, "ends"),
        (ADD | {"id": "kim@example.org"}, "id: use lower-case"),
        (ADD | {"sponsor": "Noor"}, "sponsor: give the whole number"),
        (ADD | {"contact_mail": "kim"}, "contact_mail: write a mail address"),
        (ADD | {"birth_date": "1990-02-28"}, "birth_date"),
        (LATER | {"action": "extend", "ends": "2027-01-01T00:00:00Z"}, "new end is over"),
        (LATER | {"action": "end", "ends": "2027-01-05T00:00:00Z", "previous": None}, "no guest"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_wrong_request_is_refused_in_words_that_quote_nobody(guests, data, words):
    with pytest.raises(RejectedError, match=words) as raised:
        receive(guests, **data)
    said = str(raised.value)
    assert not any(name in said for name in ("Kim", "Bos", "kim", "1990", "Noor"))


def test_nothing_but_the_request_decides(guests):
    assert receive(guests, **ADD) == receive(guests, **ADD)
