"""Queries on notices: what each person was told about each topic, and what is due.

Texts are not stored: a row holds what a text is made of, numbers and days, and no name.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from hub.events.person import SPONSOR
from hub.store import bulk
from hub.store.store import Tx
from hub.store.subjects import chunks
from hub.store.tables import ref, told

LATE = "late"


class Status(StrEnum):
    """How the newest notice of one person about one topic stands."""

    QUIET = "quiet"  # there is nothing to tell
    WAITING = "waiting"
    SENDING = "sending"  # on its way; after a crash nobody knows whether it arrived
    SENT = "sent"
    UNCERTAIN = "uncertain"  # it may have arrived: not repeated unless somebody says so
    REFUSED = "refused"  # the mail server takes it never


def needless(tx: Tx) -> bool:
    """Whether nobody vouches for anybody, and nothing was ever to be told: so it stays."""
    vouches, rows = sa.exists().where(ref.c.role == SPONSOR), sa.exists(sa.select(told.c.id))
    return not tx.execute(sa.select(sa.or_(rows, vouches))).scalar()


def every(tx: Tx, topics: str) -> list[Any]:
    """All rows about topics that begin like this, in order of appearance."""
    mine = told.c.topic.startswith(topics, autoescape=True)
    return list(tx.execute(sa.select(told).where(mine).order_by(told.c.id)))


def about(tx: Tx, persons: Collection[str], topics: Collection[str] = ()) -> list[Any]:
    """All rows that are for one of these persons, or about one of these topics."""
    query = sa.select(told).where(
        sa.or_(told.c.person.in_(list(persons)), told.c.topic.in_(list(topics)))
    )
    return list(tx.execute(query.order_by(told.c.id)))


def insert(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store new rows."""
    bulk.insert(tx, told, rows)


def update(tx: Tx, ids: Collection[int], **values: Any) -> None:
    """Change these rows alike."""
    for part in chunks(ids):
        tx.execute(told.update().where(told.c.id.in_(part)).values(values))


def delete(tx: Tx, ids: Collection[int]) -> None:
    """Forget these rows."""
    for part in chunks(ids):
        tx.execute(told.delete().where(told.c.id.in_(part)))


def due(tx: Tx, now: datetime, person: str | None = None) -> list[Any]:
    """What waits and is due, of everybody or of one person, in order of appearance."""
    query = sa.select(told).where(told.c.status == str(Status.WAITING), told.c.due <= now)
    if person is not None:
        query = query.where(told.c.person == person)
    return list(tx.execute(query.order_by(told.c.id)))


def claim(tx: Tx, ident: int, token: str, until: datetime, now: datetime) -> bool:
    """This row is on its way from now on; False: another process was first.

    Args:
        tx, ident, now: the transaction, the row and the moment.
        token: what its link ends in; only a digest is kept.
        until: when the link ends.
    """
    mine = sa.and_(told.c.id == ident, told.c.status == str(Status.WAITING))
    values = {"status": str(Status.SENDING), "tried_at": now, "token": digest(token)}
    made = tx.execute(told.update().where(mine).values(values | {"token_until": until}))
    return made.rowcount == 1


def wake(tx: Tx, reason: str, now: datetime) -> None:
    """What waits for this reason waits for it no more."""
    mine = sa.and_(told.c.status == str(Status.WAITING), told.c.reason == reason)
    tx.execute(told.update().where(mine).values(due=now, reason=None))


def stuck(tx: Tx, before: datetime) -> list[int]:
    """Rows on their way since before this moment: whoever sent them is gone."""
    lost = sa.and_(told.c.status == str(Status.SENDING), told.c.tried_at < before)
    return list(tx.execute(sa.select(told.c.id).where(lost)).scalars())


def sent_since(tx: Tx, person: str, since: datetime) -> int:
    """How many messages this person got since then; several topics in one message are one."""
    moments = sa.select(told.c.sent_at).where(told.c.person == person, told.c.sent_at >= since)
    return len(set(tx.execute(moments).scalars()))


def by_token(tx: Tx, token: str, now: datetime) -> Any:
    """The row that this link is about; None: there is none, or it is too late."""
    mine = sa.and_(told.c.token == digest(token), told.c.token_until > now)
    return tx.execute(sa.select(told).where(mine)).first()


def use_up(tx: Tx, token: str) -> None:
    """The link leads nowhere any more."""
    same = told.c.token == digest(token)
    tx.execute(told.update().where(same).values(token=None, token_until=None))


def by_ids(tx: Tx, ids: Collection[int]) -> dict[int, Any]:
    """Rows by number."""
    rows = tx.execute(sa.select(told).where(told.c.id.in_(list(ids))))
    return {row.id: row for row in rows}


def counts(tx: Tx) -> dict[str, int]:
    """How many notices stand how; those with nothing to tell are left out.

    `late`: they wait because something is in the way.
    """
    late = sa.and_(told.c.status == str(Status.WAITING), told.c.reason.is_not(None))
    name = sa.case((late, LATE), else_=told.c.status)
    query = sa.select(name, sa.func.count()).group_by(name)
    return {status: number for status, number in tx.execute(query) if status != Status.QUIET}


def digest(token: str) -> str:
    """What is kept of a link: it can't be made a link of again."""
    return hashlib.blake2b(token.encode(), digest_size=32).hexdigest()
