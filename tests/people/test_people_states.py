"""The table of states: every pair is decided, and what it says is what happens."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.errors import RejectedError
from hub.events.person import Person
from hub.people.states import (
    FIRST,
    TRANSITIONS,
    Event,
    State,
    after,
    event_of,
    next_change,
    standing,
)

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def test_every_pair_of_state_and_event_is_decided():
    assert set(TRANSITIONS) == set(State)
    for state, row in TRANSITIONS.items():
        assert set(row) == set(Event), state


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_what_the_table_says_happens(state, event):
    wanted = TRANSITIONS[state][event]
    if wanted is None:
        with pytest.raises(RejectedError, match=f"is {state}"):
            after(state, event)
    else:
        assert after(state, event) is wanted


def test_every_state_can_be_reached():
    reached = set(FIRST.values())
    for _ in State:
        reached |= {after for one in reached for after in TRANSITIONS[one].values() if after}
    assert reached == set(State)


def test_who_is_merged_or_forgotten_is_moved_by_no_account():
    for state in (State.MERGED, State.ERASED):
        for event in (Event.IN_FORCE, Event.TO_COME, Event.GONE, Event.GRACE_OVER):
            assert after(state, event) is state


@pytest.mark.parametrize(
    ("given", "event", "change"),
    [
        ({}, Event.IN_FORCE, None),
        ({"enabled": False}, Event.GONE, None),
        ({"starts": NOW + DAY, "ends": NOW + 2 * DAY}, Event.TO_COME, NOW + DAY),
        ({"starts": NOW, "ends": NOW + DAY}, Event.IN_FORCE, NOW + DAY),
        ({"ends": NOW}, Event.GONE, None),
    ],
    ids=str,
)
def test_how_one_account_stands(given, event, change):
    one = Person(**{"enabled": True, "display_name": "Noor"} | given)
    assert event_of(one, NOW) is event
    assert next_change(one, NOW) == change


def test_an_account_is_ending_for_a_while_before_its_end():
    one = Person(enabled=True, display_name="Noor", ends=NOW + 40 * DAY)
    assert event_of(one, NOW, 30 * DAY) is Event.IN_FORCE
    assert next_change(one, NOW, 30 * DAY) == NOW + 10 * DAY
    assert event_of(one, NOW + 10 * DAY, 30 * DAY) is Event.ENDING
    assert next_change(one, NOW + 10 * DAY, 30 * DAY) == NOW + 40 * DAY


def test_one_account_that_does_not_end_is_enough():
    assert standing([Event.ENDING, Event.IN_FORCE, Event.GONE]) is Event.IN_FORCE
    assert standing([Event.GONE, Event.TO_COME, Event.ENDING]) is Event.ENDING


def test_an_account_that_left_says_nothing():
    assert event_of(None, NOW) is Event.GONE
    assert next_change(None, NOW) is None
