"""What is old enough to be forgotten: facts, runs, answered requests, people that are gone.

A small part at a time.

Kept whatever their age: the newest fact of each subject that goes on or causes what stands on an
intranet (so that it can be explained), the newest runs of a stream, and runs that unreadable rows name.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from hub.events.base import PERSONAL, Family
from hub.store.store import Tx
from hub.store.tables import (
    account,
    anchor,
    cause,
    event,
    login,
    obj,
    person,
    photo,
    ref,
    request,
    run,
    subject,
    unreadable,
)

PART = 500  # rows in one transaction, so that nobody waits


def forget_events(
    tx: Tx, before: datetime, part: int = PART, families: Collection[str] = tuple(Family)
) -> int:
    """Forget facts of these families that were accepted before this moment; how many."""
    later = event.alias("later")
    newer = sa.select(later.c.seq).where(
        later.c.subject == event.c.subject, later.c.seq > event.c.seq
    )
    stands = sa.or_(obj.c.state == "present", obj.c.done_state == "present")
    causes = (
        sa.select(cause.c.subject)
        .join(obj, obj.c.id == cause.c.object)
        .where(cause.c.subject == event.c.subject, stands)
    )
    lives = sa.select(subject.c.id).where(
        subject.c.id == event.c.subject, subject.c.removed_at.is_(None)
    )
    spare = sa.or_(newer.exists(), sa.not_(sa.or_(causes.exists(), lives.exists())))
    named = sa.select(subject.c.id).where(
        subject.c.id == event.c.subject, subject.c.family.in_(sorted(families))
    )
    old = sa.select(event.c.seq).where(event.c.at < before, spare, named.exists())
    return _forget(tx, event.c.seq, old.order_by(event.c.seq).limit(part))


def forget_facts_of_people(tx: Tx, before: datetime, part: int = PART) -> int:
    """Forget facts about people that were accepted before this moment; how many."""
    return forget_events(tx, before, part, PERSONAL)


def forget_people(tx: Tx, before: datetime, part: int = PART) -> int:
    """Forget what accounts, groups and memberships were like that left before this moment.

    Their keys stay, so that one that returns is the same one.

    Returns:
        How many.
    """
    old = (
        sa.select(subject.c.id)
        .where(
            subject.c.family.in_(sorted(PERSONAL)),
            subject.c.removed_at < before,
            subject.c.state.is_not(None),
        )
        .order_by(subject.c.id)
        .limit(part)
    )
    ids = list(tx.execute(old).scalars())
    if ids:
        tx.execute(sa.delete(ref).where(ref.c.subject.in_(ids)))
        tx.execute(sa.delete(anchor).where(anchor.c.subject.in_(ids)))
        tx.execute(sa.delete(photo).where(photo.c.subject.in_(ids)))
        empty = {"state": None, "pending": None, "pending_fingerprint": None, "fingerprint": ""}
        tx.execute(sa.update(subject).where(subject.c.id.in_(ids)).values(empty))
    return len(ids)


def forget_persons(tx: Tx, before: datetime, part: int = PART) -> int:
    """Forget names and attributes of persons that ended before this moment; how many.

    Of those of whom no account says anything any more. Their numbers stay, so that one that returns is
    the same one.
    """
    says = sa.select(account.c.subject).join(subject, subject.c.id == account.c.subject)
    says = says.where(account.c.person == person.c.id, subject.c.state.is_not(None))
    old = (
        sa.select(person.c.id)
        .where(
            person.c.state.in_(("deactivated", "merged")),
            person.c.since < before,
            person.c.name.is_not(None),
            ~says.exists(),
        )
        .order_by(person.c.id)
        .limit(part)
    )
    ids = list(tx.execute(old).scalars())
    if ids:
        empty = {"name": None, "attributes": None}
        tx.execute(sa.update(person).where(person.c.id.in_(ids)).values(empty))
        tx.execute(sa.delete(login).where(login.c.person.in_(ids)))
    return len(ids)


def forget_runs(tx: Tx, before: datetime, part: int = PART) -> int:
    """Forget runs that began before this moment, whatever became of them; how many."""
    streams = (run.c.instance, run.c.stream)
    newest = sa.select(sa.func.max(run.c.id)).group_by(*streams)
    ended = newest.where(run.c.outcome.is_not(None))
    named = sa.select(unreadable.c.run).where(unreadable.c.run.is_not(None))
    kept = sa.union(newest, ended, named)
    old = sa.select(run.c.id).where(run.c.started < before, run.c.id.not_in(kept))
    return _forget(tx, run.c.id, old.order_by(run.c.id).limit(part))


def forget_requests(tx: Tx, before: datetime, part: int = PART) -> int:
    """Forget requests of commands that were answered before this moment; how many."""
    old = sa.select(request.c.id).where(request.c.done_at < before)
    return _forget(tx, request.c.id, old.order_by(request.c.id).limit(part))


def _forget(tx: Tx, key: sa.Column[int], old: sa.Select[tuple[int]]) -> int:
    ids = list(tx.execute(old).scalars())
    if ids:
        tx.execute(sa.delete(key.table).where(key.in_(ids)))
    return len(ids)
