"""Where a person is logged in on the personal pages, and how an administrator ends that."""

from datetime import datetime
from typing import Any

from hub.people import finding
from hub.store import sessions, trail
from hub.store.sessions import Session
from hub.store.store import Tx


def shown(tx: Tx, who: str, *, actor: str, now: datetime) -> dict[str, Any]:
    """A person's open sessions, as JSON values; that somebody looked is recorded.

    Raises:
        RejectedError: nobody, or more than one.
    """
    row = finding.person(tx, who)
    trail.note(tx, actor=actor, action="people show", what={"person": row.id}, now=now)
    return _told(tx, row, now) | {"ended": False}


def ended(tx: Tx, who: str, *, actor: str, now: datetime) -> dict[str, Any]:
    """End all sessions of a person, on a telephone that was lost, say; what they were.

    Raises:
        RejectedError: nobody, or more than one.
    """
    row = finding.person(tx, who)
    told = _told(tx, row, now)
    number = sessions.end_all(tx, [row.id])
    what = {"person": row.id, "sessions": number}
    trail.note(tx, actor=actor, action="people logout", what=what, now=now)
    return told | {"ended": True}


def as_json(one: Session) -> dict[str, Any]:
    """A session as JSON values, without what opens it."""
    return {
        "how": str(one.how),
        "device": one.device,
        "opened_at": one.opened_at.isoformat(),
        "used_at": one.used_at.isoformat(),
        "until": one.until.isoformat(),
    }


def _told(tx: Tx, row: Any, now: datetime) -> dict[str, Any]:
    found = [as_json(one) for one in sessions.of_person(tx, row.id, now)]
    return {"person": row.id, "name": row.name, "sessions": found}
