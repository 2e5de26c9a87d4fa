"""One person on paper, and one person forgotten."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hub.events.base import Family
from hub.people import finding, guests, invited, states, step, visiting
from hub.people.standing import account_of
from hub.people.states import Event, State
from hub.store import (
    desire,
    erasure,
    invitations,
    managers,
    memberships,
    named,
    notices,
    objects,
    persons,
    photos,
    reviews,
    sessions,
    subjects,
    trail,
)
from hub.store.store import Tx

TELLING = ("display_name", "user_name", "mail", "contact_mail", "phone", "mobile")
LONG = 6  # characters: a shorter key is a word or number that may mean anything by itself
ALL = 1_000_000  # facts of one account; retention keeps them far below


def export(tx: Tx, who: str, *, actor: str, now: datetime) -> dict[str, Any]:
    """Everything that the hub holds of one person, as JSON values; that it was asked is recorded.

    Raises:
        RejectedError: nobody, or more than one.
    """
    row = finding.person(tx, who)
    trail.note(tx, actor=actor, action="people export", what={"person": row.id}, now=now)
    accounts = persons.of_persons(tx, [row.id])
    refs = named.refs_of(tx, [one.subject for one in accounts])
    return {
        "made": now.isoformat(),
        "person": finding.known(tx, row),
        "accounts": [
            {
                "account": f"{one.instance}/{one.key}",
                "source_says": one.state,
                "names": [f"{ref.role}: {ref.value}" for ref in refs[one.subject]],
                "facts": [line.body for line in subjects.events_of(tx, one.subject, ALL)],
            }
            for one in accounts
        ],
        "groups": _groups(tx, accounts),
        "published": [
            {"target": one.target, "desired": one.body, "stands": one.done_body}
            for one in [*objects.of_people(tx, [row.id]), *memberships.objects_of(tx, row.id)]
        ],
        "photos": [
            {
                "account": next(
                    f"{a.instance}/{a.key}" for a in accounts if a.subject == one.subject
                ),
                "since": one.at.isoformat(),
                "base64": b64encode(one.data).decode(),
            }
            for one in photos.of_accounts(tx, [one.subject for one in accounts])
        ],
        "sessions": [visiting.as_json(one) for one in sessions.of_person(tx, row.id, now)],
        "vouched": guests.export(tx, row.id),
        "invitations": invited.known(tx, [row.id]),
        "logins": [
            {"issuer": one.issuer, "subject": one.subject, "since": one.since.isoformat()}
            for one in invitations.logins_of(tx, row.id)
        ],
        "notices": [
            {"about": one.topic, "told": one.told, "status": one.status}
            for one in notices.about(tx, [row.id], _topics(accounts))
        ],
        "decisions": [
            {"at": one.at.isoformat(), "by": one.actor, "action": one.action}
            for one in trail.about(tx, "people", row.id)
        ],
    }


def _groups(tx: Tx, accounts: Sequence[Any]) -> list[dict[str, Any]]:
    """What sources say of the groups that these accounts are in, or were."""
    rows = memberships.naming(tx, {(one.instance, one.key) for one in accounts})
    names = memberships.names_of(tx, {(row.instance, row.container) for row in rows})
    return [
        {
            "account": f"{row.whose}/{row.member}",
            "group": names.get((row.instance, row.container), row.container),
            "left": row.removed_at.isoformat() if row.removed_at else None,
        }
        for row in rows
    ]


def forgettable(tx: Tx, who: str, *, actor: str, now: datetime) -> dict[str, Any]:
    """What `forget` would forget; changes nothing but the audit trail.

    Raises:
        RejectedError: nobody, more than one, or forgotten already.
    """
    row = finding.person(tx, who)
    states.after(State(row.state), Event.FORGET)
    trail.note(tx, actor=actor, action="people show", what={"person": row.id}, now=now)
    return _receipt(tx, row) | {"done": False}


def _receipt(tx: Tx, row: Any) -> dict[str, Any]:
    accounts = persons.of_persons(tx, [row.id])
    return {
        "person": row.id,
        "accounts": [f"{one.instance}/{one.key}" for one in accounts],
        "present": [f"{o.instance}/{o.key}" for o in accounts if o.removed_at is None],
    }


def _texts(people: Sequence[Any], accounts: Sequence[Any]) -> set[str]:
    """What tells of these persons wherever it stands: names, addresses, accounts."""
    known = [one.state or {} for one in accounts]
    found = {one.get(name) for one in known for name in TELLING} | {one.name for one in people}
    found |= {f"{one.instance}/{one.key}" for one in accounts}
    found |= {one.key for one in accounts if len(one.key) >= LONG}
    return {text for text in found if text}


def _topics(accounts: Sequence[Any]) -> list[str]:
    return [guests.topic(one.instance, one.key) for one in accounts]


def forget(tx: Tx, who: str, *, actor: str, now: datetime) -> dict[str, Any]:
    """Forget one person: accounts, facts, attributes, questions. The number stays, without a name.

    An account that its source still has, or has again, is left out from then on: whoever comes back
    comes under a new account, and is a new person.

    Raises:
        RejectedError: nobody, more than one, or forgotten already.
    """
    row = finding.person(tx, who)
    receipt = _receipt(tx, row)
    accounts = persons.of_persons(tx, [row.id])
    mine = [row, *persons.absorbed(tx, row.id)]
    ids, texts = [one.id for one in mine], _texts(mine, accounts)
    trail.erase(tx, persons=ids, texts=texts, actor=actor, now=now)
    asking = {one.subject for one in reviews.of_persons(tx, [row.id])}
    named = memberships.naming(tx, {(one.instance, one.key) for one in accounts})
    erasure.drop(tx, [(one.id, one.instance, one.key) for one in named])
    erasure.erase(tx, accounts, str(Family.PERSON), row.id)
    _off_targets(tx, ids, now)
    sessions.end_all(tx, ids)
    invitations.forget(tx, ids)
    notices.delete(tx, [one.id for one in notices.about(tx, ids, _topics(accounts))])
    for one in mine:
        reviews.forget(tx, one.id)
        state = states.after(State(one.state), Event.FORGET)
        empty = {"until": None, "name": None, "attributes": None, "merged_from": None}
        persons.update(tx, one.id, state=str(state), since=now, **empty)
    left = asking - {one.subject for one in accounts}
    step.take(tx, [account_of(one) for one in persons.accounts(tx, left)], now)
    what = {"person": row.id, "accounts": len(accounts)}
    trail.note(tx, actor=actor, action="people forget", what=what, now=now)
    return receipt | {"done": True, "at": now.isoformat()}


def _off_targets(tx: Tx, ids: Sequence[str], now: datetime) -> None:
    """Accounts on targets go at the next delivery; what they looked like is forgotten at once."""
    for one in objects.of_people(tx, ids):
        if "present" in {one.state, one.done_state}:
            desire.make_absent(tx, one.id, now)
        objects.forget_body(tx, one.id)
    managers.forget(tx, ids)
