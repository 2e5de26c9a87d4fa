"""The states of a person, and every change between them, in one table.

What accounts say moves a person: one in force, one still to come, or none. Nothing here removes by
absence: an account only leaves when the engine applied its removal, behind threshold and hold, and a
person without one is suspended for a while first.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from hub.errors import RejectedError
from hub.events.person import Person


class State(StrEnum):
    """How a person stands."""

    ANNOUNCED = "announced"  # known, and begins later
    ACTIVE = "active"
    EXPIRING = "expiring"  # still in force, and ends soon
    SUSPENDED = "suspended"  # no account is in force; grace runs, and everything is kept
    DEACTIVATED = "deactivated"  # grace is over
    MERGED = "merged"  # the same human as another person, which goes on
    ERASED = "erased"  # forgotten; only the number is left


class Event(StrEnum):
    """What may happen to a person."""

    IN_FORCE = "in force"  # an account may be used now
    ENDING = "ending"  # each that may be used now ends soon
    TO_COME = "to come"  # none now, one later
    GONE = "gone"  # none now, and none to come
    GRACE_OVER = "grace over"
    MERGE = "merge"
    UNMERGE = "unmerge"
    FORGET = "forget"


MAY_LOG_IN = frozenset({State.ACTIVE, State.EXPIRING})
_ALIVE = {
    Event.IN_FORCE: State.ACTIVE,
    Event.ENDING: State.EXPIRING,
    Event.TO_COME: State.ANNOUNCED,
    Event.GONE: State.SUSPENDED,
    Event.MERGE: State.MERGED,
    Event.FORGET: State.ERASED,
}
# None: refused. What is not moved by an event stays what it is.
TRANSITIONS: Mapping[State, Mapping[Event, State | None]] = {
    State.ANNOUNCED: _ALIVE | {Event.GRACE_OVER: State.ANNOUNCED, Event.UNMERGE: None},
    State.ACTIVE: _ALIVE | {Event.GRACE_OVER: State.ACTIVE, Event.UNMERGE: None},
    State.EXPIRING: _ALIVE | {Event.GRACE_OVER: State.EXPIRING, Event.UNMERGE: None},
    State.SUSPENDED: _ALIVE | {Event.GRACE_OVER: State.DEACTIVATED, Event.UNMERGE: None},
    State.DEACTIVATED: _ALIVE
    | {
        Event.GONE: State.DEACTIVATED,
        Event.GRACE_OVER: State.DEACTIVATED,
        Event.UNMERGE: None,
    },
    State.MERGED: {
        Event.IN_FORCE: State.MERGED,
        Event.ENDING: State.MERGED,
        Event.TO_COME: State.MERGED,
        Event.GONE: State.MERGED,
        Event.GRACE_OVER: State.MERGED,
        Event.MERGE: None,
        Event.UNMERGE: State.SUSPENDED,  # until its accounts, which come back, say otherwise
        Event.FORGET: State.ERASED,
    },
    State.ERASED: {
        Event.IN_FORCE: State.ERASED,
        Event.ENDING: State.ERASED,
        Event.TO_COME: State.ERASED,
        Event.GONE: State.ERASED,
        Event.GRACE_OVER: State.ERASED,
        Event.MERGE: None,
        Event.UNMERGE: None,
        Event.FORGET: None,
    },
}
FIRST: Mapping[Event, State] = {
    Event.IN_FORCE: State.ACTIVE,
    Event.ENDING: State.EXPIRING,
    Event.TO_COME: State.ANNOUNCED,
    Event.GONE: State.SUSPENDED,
}


def after(state: State, event: Event) -> State:
    """The state that follows.

    Raises:
        RejectedError: this can't happen to a person in that state.
    """
    following = TRANSITIONS[state][event]
    if following is None:
        raise RejectedError(f"The person is {state}: {event} is not possible.")
    return following


def event_of(one: Person | None, now: datetime, soon: timedelta = timedelta(0)) -> Event:
    """How one account stands; None: its source has it no more.

    Args:
        one, now: the account and the moment.
        soon: how long before its end it is ending.
    """
    if one is None or not one.enabled or (one.ends is not None and one.ends <= now):
        return Event.GONE
    if one.starts is not None and one.starts > now:
        return Event.TO_COME
    return Event.ENDING if one.ends is not None and one.ends - soon <= now else Event.IN_FORCE


def next_change(
    one: Person | None, now: datetime, soon: timedelta = timedelta(0)
) -> datetime | None:
    """When time alone changes how an account stands."""
    if one is None:
        return None
    ending = one.ends - soon if one.ends is not None else None
    return min((at for at in (one.starts, ending, one.ends) if at and at > now), default=None)


def standing(events: Iterable[Event]) -> Event:
    """What all accounts of a person say together: any that is in force is enough."""
    said = set(events)
    order = (Event.IN_FORCE, Event.ENDING, Event.TO_COME)
    return next((one for one in order if one in said), Event.GONE)
