"""The families of people: closed, frozen, without what nobody needs, and never on a tile."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from hub.events.base import PERSONAL, ROUTED, Family
from hub.events.group import Group, Membership, membership_key
from hub.events.payloads import FAMILIES, dump, load
from hub.events.person import Person

PERSON = Person(
    enabled=True,
    display_name="Noor van den Berg",
    given_name="Noor",
    infix="van den",
    family_name="Berg",
    mail="n.vandenberg@example.org",
    birth_date=date(1990, 2, 28),
    ends=datetime(2027, 1, 1, tzinfo=UTC),
)


@pytest.mark.parametrize(
    "payload",
    [PERSON, Group(name="Iedereen"), Membership(direct=False)],
    ids=lambda one: one.family,
)
def test_what_is_stored_comes_back_the_same(payload):
    assert load(payload.family, payload.version, dump(payload)) == payload
    assert FAMILIES[payload.family] is type(payload)


def test_what_a_source_does_not_say_is_left_out():
    assert dump(Person(enabled=False, display_name="Noor")) == {
        "enabled": False,
        "display_name": "Noor",
        "external": False,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"display_name": ""},
        {"mail": ""},
        {"bsn": "123456782"},
        {"photo": "/9j/"},
        {"ends": datetime(2027, 1, 1)},  # noqa: DTZ001  the naive one that must be refused
        {"enabled": None},
    ],
    ids=str,
)
def test_what_it_has_no_field_for_is_refused(wrong):
    with pytest.raises(ValidationError):
        Person.model_validate({**dump(PERSON), **wrong})


def test_every_field_of_people_says_what_it_is_for():
    for payload in (Person, Group, Membership):
        assert all(field.description for field in payload.model_fields.values()), payload


def test_nothing_about_people_can_be_routed():
    assert set(Family) == PERSONAL | ROUTED
    assert {Family.PERSON, Family.GROUP, Family.MEMBERSHIP} == PERSONAL


def test_the_key_of_a_membership_begins_with_its_group():
    assert membership_key("g-1", "p-1") == "g-1/p-1"
