"""What people decide about persons: link, unlink, merge and its undo, the answers to questions.

Each decision is one transaction and one line of the audit trail, with who made it.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from hub.errors import RejectedError
from hub.people import finding, states, step
from hub.people import policy as policies
from hub.people.matching import Sign, Tier
from hub.people.policy import UNDO
from hub.people.standing import account_of, stands
from hub.people.states import Event, State
from hub.store import invitations, persons, reviews, sessions, trail
from hub.store.persons import Link
from hub.store.store import Tx

BY_HAND = (str(Sign.BY_HAND),)


def link(tx: Tx, account: str, who: str, *, actor: str, now: datetime) -> dict[str, Any]:
    """This account is of that person; what waited for it is looked at again.

    A person whose only account this was becomes the same as that person, which can be undone.

    Raises:
        RejectedError: there is no such account or person, or it is linked so already.
    """
    row, target = finding.account(tx, account), finding.person(tx, who)
    if row.person == target.id:
        raise RejectedError(f"{account} is linked to {target.id} already: nothing was changed.")
    if row.person and len(persons.of_persons(tx, [row.person])) == 1:
        return merge(tx, row.person, target.id, actor=actor, now=now)
    return _link(tx, row, target.id, actor=actor, now=now)


def _link(tx: Tx, row: Any, person: str, *, actor: str, now: datetime) -> dict[str, Any]:
    _put(tx, row.subject, person, now)
    asked = [one for one in reviews.of_accounts(tx, [row.subject]) if one[3] == "open"]
    reviews.end(tx, [one[0] for one in asked if one[2] == person], "accepted", now)
    reviews.end(tx, [one[0] for one in asked if one[2] != person], "closed", now)
    step.settle(tx, {one for one in (row.person, person) if one}, now)
    _out(tx, row.person, now)
    _wake(tx, [row.subject], now)
    made = {"account": row.subject, "person": person, "before": row.person}
    trail.note(tx, actor=actor, action="people link", what=made, now=now)
    return made | {"account": f"{row.instance}/{row.key}"}


def _out(tx: Tx, person: str | None, now: datetime) -> None:
    """Whose sessions, codes and logins were these? Nobody knows any more: they end."""
    if person is not None:
        sessions.end_all(tx, [person])
        invitations.end(tx, [person], invitations.REVOKED, now)
        invitations.forget_logins(tx, [person])


def _put(tx: Tx, subject: int, person: str, now: datetime) -> None:
    made = Link(subject, person, str(Tier.KNOWN), BY_HAND)
    persons.put_links(tx, [made], [subject], now)


def _wake(tx: Tx, subjects: Sequence[int], now: datetime) -> None:
    """Accounts that waited may know now whose they are."""
    rows = persons.waiting_beside(tx, subjects)
    if rows:
        step.take(tx, [account_of(row) for row in rows], now)


def unlink(tx: Tx, account: str, *, actor: str, now: datetime) -> dict[str, Any]:
    """This account is of a person of its own, and nobody asks again.

    Raises:
        RejectedError: there is no such account, it waits, or it is the only one of its person.
    """
    row = finding.account(tx, account)
    if row.person is None:
        raise RejectedError(f"{account} is linked to nobody yet: `hub people review list`.")
    if len(persons.of_persons(tx, [row.person])) == 1:
        raise RejectedError(f"{account} is the only account of its person: nothing was changed.")
    ident = str(uuid.uuid4())
    one = account_of(row)
    values = stands(None, [one], policies.current(tx), now)
    persons.insert(tx, [{"id": ident, "made_at": now} | values])
    _put(tx, row.subject, ident, now)
    reviews.reject(tx, row.subject, row.person, now)
    step.settle(tx, {row.person, ident}, now)
    _out(tx, row.person, now)
    made = {"account": row.subject, "person": ident, "before": row.person}
    trail.note(tx, actor=actor, action="people unlink", what=made, now=now)
    return made | {"account": account}


def merge(tx: Tx, one: str, other: str, *, actor: str, now: datetime) -> dict[str, Any]:
    """Two persons are one: the older stays, the other's accounts become its own.

    Raises:
        RejectedError: there is no such person, both are one already, or one can't be merged.
    """
    rows = [finding.person(tx, one), finding.person(tx, other)]
    if rows[0].id == rows[1].id:
        raise RejectedError(f"{one} and {other} are the same person already.")
    theirs = {row.id: [found.subject for found in persons.of_persons(tx, [row.id])] for row in rows}
    stays, goes = sorted(rows, key=lambda row: (row.made_at, theirs[row.id], row.id))
    state = states.after(State(goes.state), Event.MERGE)
    moved = theirs[goes.id]
    persons.move(tx, moved, stays.id)
    values = {"state": str(state), "since": now, "until": now + UNDO}
    persons.update(tx, goes.id, merged_into=stays.id, merged_from=moved, **values)
    _answer(tx, moved, stays.id, "accepted", now)
    _answer(tx, theirs[stays.id], goes.id, "accepted", now)
    reviews.move(tx, goes.id, stays.id, now)
    sessions.move(tx, goes.id, stays.id)
    invitations.move(tx, goes.id, stays.id, now)
    step.settle(tx, [stays.id], now)
    _wake(tx, moved, now)
    what = {"person": stays.id, "merged": goes.id, "accounts": moved}
    trail.note(tx, actor=actor, action="people merge", what=what, now=now)
    return what | {"until": (now + UNDO).isoformat()}


def _answer(tx: Tx, subjects: Iterable[int], person: str, state: str, now: datetime) -> None:
    asked = reviews.of_accounts(tx, list(subjects))
    reviews.end(tx, [row[0] for row in asked if row[2] == person], state, now)


def unmerge(tx: Tx, who: str, *, actor: str, now: datetime) -> dict[str, Any]:
    """Undo a merge within 30 days: the accounts go back, and nobody asks again.

    Args:
        who: the person that was merged into another one, by its own number.

    Raises:
        RejectedError: there is no such person, it is not merged, or it is too late.
    """
    row = finding.merged(tx, who)
    state = states.after(State(row.state), Event.UNMERGE)
    if row.until is not None and row.until <= now:
        raise RejectedError(
            f"{row.id} was merged more than {UNDO.days} days ago, which can't be undone: "
            "`hub people unlink` takes single accounts apart."
        )
    stays = finding.person(tx, row.id)
    theirs = {one.subject for one in persons.of_persons(tx, [stays.id])}
    back = [one for one in row.merged_from or [] if one in theirs]
    persons.move(tx, back, row.id)
    grace = {"state": str(state), "since": now, "until": now + policies.current(tx).grace}
    persons.update(tx, row.id, merged_into=None, merged_from=None, **grace)
    for one in back:
        reviews.reject(tx, one, stays.id, now)
    step.settle(tx, [stays.id, row.id], now)
    _out(tx, stays.id, now)
    what = {"person": row.id, "from": stays.id, "accounts": back}
    trail.note(tx, actor=actor, action="people unmerge", what=what, now=now)
    return what


def accept(tx: Tx, ident: int, *, actor: str, now: datetime) -> dict[str, Any]:
    """The account is of that person; where it has one of its own, both become one.

    Raises:
        RejectedError: nothing of this number waits.
    """
    row = finding.question(tx, ident)
    return link(tx, f"{row.instance}/{row.key}", row.person, actor=actor, now=now)


def reject(tx: Tx, ident: int, *, actor: str, now: datetime) -> dict[str, Any]:
    """The account is not of that person; with nobody left to be, it is a person of its own.

    Raises:
        RejectedError: nothing of this number waits.
    """
    row = finding.question(tx, ident)
    reviews.reject(tx, row.subject, row.person, now)
    what = {"account": row.subject, "rejected": row.person}
    trail.note(tx, actor=actor, action="people reject", what=what, now=now)
    step.take(tx, [account_of(one) for one in persons.accounts(tx, [row.subject])], now)
    _wake(tx, [row.subject], now)
    (after,) = persons.accounts(tx, [row.subject])
    return what | {"account": f"{row.instance}/{row.key}", "person": after.person}


def reject_all(tx: Tx, idents: Sequence[int], *, actor: str, now: datetime) -> list[dict[str, Any]]:
    """Reject several, or none of them.

    Raises:
        RejectedError: nothing waits under one of these numbers; nothing was changed.
    """
    asked = [finding.question(tx, ident) for ident in dict.fromkeys(idents)]
    # the answer to one may close another
    return [
        reject(tx, row.id, actor=actor, now=now)
        for row in asked
        if reviews.by_id(tx, row.id).state == "open"
    ]
