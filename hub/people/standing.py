"""How a person stands by what its accounts say now: state, grace, attributes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from hub.events.base import Family
from hub.events.payloads import load
from hub.events.person import Person
from hub.people import states
from hub.people.attributes import Voice, known
from hub.people.policy import Policy
from hub.people.states import Event, State

USABLE = frozenset({Event.IN_FORCE, Event.ENDING})


@dataclass(frozen=True, slots=True)
class Account:
    """One account of a person.

    Attributes:
        subject: the number of its subject, which is its place in the order of appearance.
        payload: what its source says; None: the source has it no more.
        body: the payload as JSON values.
    """

    subject: int
    instance: str
    payload: Person | None
    body: Mapping[str, Any]


class Termed(Protocol):
    """What of an account decides how it stands."""

    @property
    def enabled(self) -> bool:
        """Whether it may be used."""
        ...

    @property
    def starts(self) -> datetime | None:
        """When it begins, UTC."""
        ...

    @property
    def ends(self) -> datetime | None:
        """When it ends, UTC."""
        ...


class Term(NamedTuple):
    """The same of a stored account, without all else that its source says."""

    enabled: bool
    starts: datetime | None
    ends: datetime | None


def term_of(version: int, body: Mapping[str, Any]) -> Termed:
    """How long an account is in force, from what is stored of it.

    Whatever is stored was a `Person` once: of today's version only what is asked for is read, a fifth of
    the work.
    """
    if version != Person.version:
        return _person(version, body)
    return Term(body["enabled"], _moment(body.get("starts")), _moment(body.get("ends")))


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def account_of(row: Any) -> Account:
    """A stored account as the step sees it."""
    gone = row.removed_at is not None or row.state is None
    payload = None if gone else _person(row.version, row.state)
    return Account(row.subject, row.instance, payload, row.state or {})


def _person(version: int, body: Mapping[str, Any]) -> Person:
    payload = load(str(Family.PERSON), version, body)
    if not isinstance(payload, Person):
        raise TypeError(f"{type(payload).__name__} is no account")
    return payload


def stands(
    before: Any, accounts: Sequence[Account], policy: Policy, now: datetime
) -> dict[str, Any]:
    """The columns of a person that its accounts decide.

    Args:
        before: the stored row; None: a new person.
    """
    soon = policy.sponsors.soon
    events = [(one, states.event_of(one.payload, now, soon)) for one in accounts]
    event = states.standing(said for _, said in events)
    same = USABLE if event in USABLE else {event}
    heard = [one for one, said in events if said in same and one.payload is not None]
    attributes = known(_voices(heard), (before and before.attributes) or {}, policy, now)
    name = attributes.get("display_name", {}).get("value")
    return _state(before, event, policy, now) | {"name": name, "attributes": attributes}


def _voices(accounts: Sequence[Account]) -> list[Voice]:
    return [Voice(one.instance, one.subject, one.body) for one in accounts]


def _state(before: Any, event: Event, policy: Policy, now: datetime) -> dict[str, Any]:
    """State, since when, and until when grace runs."""
    if before is None:
        old, state = None, states.FIRST[event]
    else:
        old = State(before.state)
        state = states.after(old, event)
        if state is State.SUSPENDED is old and before.until is not None and before.until <= now:
            state = states.after(state, Event.GRACE_OVER)
    if state is old:
        return {"state": str(state), "since": before.since, "until": before.until}
    until = now + policy.grace if state is State.SUSPENDED else None
    return {"state": str(state), "since": now, "until": until}
