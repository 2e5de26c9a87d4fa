"""Queries on guests and on those who vouch for them: references between accounts and persons."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from hub.events.base import Family
from hub.events.person import MANAGER, SPONSOR
from hub.store.store import Tx
from hub.store.subjects import chunks
from hub.store.tables import account, ref, subject

_GUESTS = (
    sa.select(
        subject.c.id.label("subject"),
        subject.c.instance,
        subject.c.stream,
        subject.c.key,
        subject.c.state,
        account.c.person,
        ref.c.value.label("sponsor"),
    )
    .select_from(ref)
    .join(subject, subject.c.id == ref.c.subject)
    .join(account, account.c.subject == ref.c.subject)
    .where(
        ref.c.role == SPONSOR,
        account.c.person.is_not(None),
        subject.c.removed_at.is_(None),
        subject.c.state.is_not(None),
    )
    .order_by(subject.c.id)
)


def guests(tx: Tx, person: str | None = None) -> list[Any]:
    """Accounts for whom somebody vouches, of everybody or of one person, in order of appearance."""
    query = _GUESTS if person is None else _GUESTS.where(account.c.person == person)
    return list(tx.execute(query))


def managers(tx: Tx, persons: Collection[str]) -> dict[str, list[str]]:
    """Who manages each of these persons, as their accounts say, also those that are gone."""
    boss, theirs = subject.alias("boss"), account.alias("theirs")
    query = (
        sa.select(account.c.person, theirs.c.person)
        .join(ref, sa.and_(ref.c.subject == account.c.subject, ref.c.role == MANAGER))
        .join(subject, subject.c.id == account.c.subject)
        .join(
            boss,
            sa.and_(
                boss.c.instance == subject.c.instance,
                boss.c.family == str(Family.PERSON),
                boss.c.key == ref.c.value,
            ),
        )
        .join(theirs, theirs.c.subject == boss.c.id)
        .where(theirs.c.person.is_not(None))
        .order_by(account.c.subject, theirs.c.subject)
    )
    found: dict[str, list[str]] = {}
    for part in chunks(persons):
        for whose, who in tx.execute(query.where(account.c.person.in_(part))):
            found.setdefault(whose, []).append(who)
    return found
