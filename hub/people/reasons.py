"""Why a person's account on a target is made, changed or taken away. Pure; the words stand in render."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from hub.people.standing import Termed
from hub.people.states import State


class Why(StrEnum):
    """The reason of one line of a plan."""

    BEGINS = "begins"  # an account is in force, and there is none on the target
    RETURNS = "returns"
    SUSPENDED = "suspended"  # no account is in force any more
    CHANGED = "changed"
    GRACE_OVER = "grace-over"
    NOT_YET = "not-yet"
    MERGED = "merged"
    FORGOTTEN = "forgotten"
    NO_LOGIN = "no-login"
    CHOSEN = "chosen"  # of a group, as below: `people.groups` chooses it
    NOT_CHOSEN = "not-chosen"
    GROUP_GONE = "group-gone"
    JOINS = "joins"  # of somebody in a group, as below
    LEFT = "left"
    NO_ACCOUNT = "no-account"
    WITHDRAWN = "withdrawn"
    PHOTO_NEW = "photo-new"  # of a picture, as below
    PHOTO_CHANGED = "photo-changed"
    PHOTO_GONE = "photo-gone"


class Stands(StrEnum):
    """How one account stands."""

    IN_FORCE = "in-force"
    DISABLED = "disabled"
    ENDED = "ended"
    TO_COME = "to-come"
    GONE = "gone"
    MEMBER = "member"  # of an account in a group: a membership names it


LEAVING = {
    State.DEACTIVATED: Why.GRACE_OVER,
    State.ANNOUNCED: Why.NOT_YET,
    State.MERGED: Why.MERGED,
    State.ERASED: Why.FORGOTTEN,
}


def why(
    state: str,
    known: Mapping[str, Any],
    accounts: Sequence[Mapping[str, Any]],
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The reason of one line, as JSON values: `code`, the accounts, and fields with their source.

    Args:
        state: of the person.
        known: the person's attributes, with where they come from; asked for a change only.
        accounts: how each stands, with its name.
        before, after: the account on the target as it stands and as it is desired; None: none.
    """
    code = _code(state, before, after)
    found: dict[str, Any] = {"code": code.value, "accounts": accounts}
    if code is Why.CHANGED:
        found["sources"] = _sources(known, before or {}, after or {})
    return found


def _code(state: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Why:
    if after is None:
        return LEAVING.get(State(state), Why.NO_LOGIN)
    if before is None:
        return Why.BEGINS
    if before.get("active") == after.get("active"):
        return Why.CHANGED
    return Why.RETURNS if after.get("active") else Why.SUSPENDED


def _sources(
    known: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[str]:
    """The instances that the changed attributes come from."""
    names = {"organisation": "employer"}
    changed = {
        names.get(one, one) for one in {**before, **after} if before.get(one) != after.get(one)
    }
    return sorted({known[one]["instance"] for one in changed if one in known})


def stands(one: Termed | None, now: datetime) -> dict[str, Any]:
    """How one account stands, and since or until when; None: its source has it no more."""
    if one is None:
        return {"stands": Stands.GONE.value}
    if one.ends is not None and one.ends <= now:
        return {"stands": Stands.ENDED.value, "at": one.ends.isoformat()}
    if not one.enabled:
        return {"stands": Stands.DISABLED.value}
    if one.starts is not None and one.starts > now:
        return {"stands": Stands.TO_COME.value, "at": one.starts.isoformat()}
    return {"stands": Stands.IN_FORCE.value}
