"""Sessions of visitors on personal pages: who looks, since when, until when.

Only a hash of the token is kept, so that nobody who reads the store can go on with a session. Who is
suspended, merged or forgotten has none: a session is looked up together with the state of its
person, and what ends a person's standing ends the sessions for good.
"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from hub.store.store import Tx
from hub.store.subjects import chunks
from hub.store.tables import person, session

MAY_LOOK = frozenset({"announced", "active", "expiring"})  # states of persons
MOST = 20  # sessions of one person; beyond that the one that was used longest ago ends
NOTED_EVERY = timedelta(minutes=1)  # how exactly "last used" is known
LABEL = 64  # characters of what the device is called


class How(StrEnum):
    """What a session rests on."""

    OIDC = "oidc"  # the organisation's identity provider said who it is
    DEVICE = "device"  # a one-time code was redeemed on this device


@dataclass(frozen=True, slots=True)
class Session:
    """One open session.

    Attributes:
        id: its number, for showing and ending it; no secret.
        person: whose it is; after a merge the one who goes on.
        device: what the visitor's browser calls itself, in a word or two; empty: unknown.
        opened_at, used_at, until: UTC; `used_at` to the minute.
    """

    id: int
    person: str
    how: How
    device: str
    opened_at: datetime
    used_at: datetime
    until: datetime


def start(
    tx: Tx,
    ident: str,
    how: How,
    *,
    now: datetime,
    until: datetime,
    idle: timedelta | None = None,
    device: str = "",
) -> str:
    """Open a session of this person.

    Args:
        until: when it ends whatever happens, UTC.
        idle: it ends sooner when it is not used for so long.
        device: what to call it in a list: browser and system, say.

    Returns:
        The token for the visitor's cookie, 256 bits of chance; it is kept nowhere.
    """
    token = secrets.token_urlsafe(32)
    seconds = None if idle is None else int(idle.total_seconds())
    values = {"person": ident, "how": str(how), "digest": _digest(token), "device": device[:LABEL]}
    moments = {"opened_at": now, "used_at": now, "until": until, "ends": _ends(now, until, seconds)}
    tx.execute(session.insert().values(values | moments | {"idle": seconds}))
    _end_oldest(tx, ident)
    return token


def find(tx: Tx, token: str, now: datetime) -> Session | None:
    """The session behind a token, which is in use now; None when there is none any more."""
    may_look = person.c.state.in_(sorted(MAY_LOOK))
    query = sa.select(session).join(person, person.c.id == session.c.person)
    mine = sa.and_(session.c.digest == _digest(token), session.c.ends > now)
    row = tx.execute(query.where(mine, may_look)).first()
    if row is None:
        return None
    if now - row.used_at >= NOTED_EVERY:
        used = {"used_at": now, "ends": _ends(now, row.until, row.idle)}
        tx.execute(session.update().where(session.c.id == row.id).values(used))
    return _session(row)


def of_person(tx: Tx, ident: str, now: datetime) -> list[Session]:
    """The open sessions of a person, the one used last first."""
    query = sa.select(session).where(session.c.person == ident, session.c.ends > now)
    return [_session(row) for row in tx.execute(query.order_by(*_LAST_USED))]


def end(tx: Tx, token: str) -> bool:
    """End the session behind a token; whether there was one."""
    return _delete(tx, session.c.digest == _digest(token)) > 0


def end_all(tx: Tx, persons: Collection[str], but: int | None = None) -> int:
    """End the sessions of these persons; how many.

    Args:
        but: the number of one that goes on.
    """
    found = 0
    for part in chunks(persons):
        whose = session.c.person.in_(part)
        found += _delete(tx, whose if but is None else sa.and_(whose, session.c.id != but))
    return found


def end_one(tx: Tx, ident: str, number: int) -> bool:
    """End one session of this person, by its number; whether there was one."""
    return _delete(tx, sa.and_(session.c.person == ident, session.c.id == number)) > 0


def move(tx: Tx, old: str, new: str) -> None:
    """The sessions of one person are of another from now on."""
    tx.execute(session.update().where(session.c.person == old).values(person=new))
    _end_oldest(tx, new)


def count(tx: Tx, now: datetime) -> dict[str, int]:
    """How many sessions are open, by what they rest on."""
    query = sa.select(session.c.how, sa.func.count().label("number")).where(session.c.ends > now)
    return {row.how: row.number for row in tx.execute(query.group_by(session.c.how))}


def forget_ended(tx: Tx, now: datetime, part: int = 500) -> int:
    """Forget sessions that time ended, a small part; how many."""
    query = sa.select(session.c.id).where(session.c.ends <= now).order_by(session.c.id)
    ids = list(tx.execute(query.limit(part)).scalars())
    return _delete(tx, session.c.id.in_(ids)) if ids else 0


_LAST_USED = (session.c.used_at.desc(), session.c.id.desc())


def _ends(used: datetime, until: datetime, idle: int | None) -> datetime:
    return until if idle is None else min(until, used + timedelta(seconds=idle))


def _session(row: Any) -> Session:
    return Session(
        id=row.id,
        person=row.person,
        how=How(row.how),
        device=row.device,
        opened_at=row.opened_at,
        used_at=row.used_at,
        until=row.until,
    )


def _end_oldest(tx: Tx, ident: str) -> None:
    query = sa.select(session.c.id).where(session.c.person == ident).order_by(*_LAST_USED)
    surplus = list(tx.execute(query).scalars())[MOST:]
    if surplus:
        _delete(tx, session.c.id.in_(surplus))


def _delete(tx: Tx, which: sa.ColumnElement[bool]) -> int:
    return int(tx.execute(session.delete().where(which)).rowcount)


def _digest(token: str) -> str:
    """Of 256 bits of chance a plain hash says nothing."""
    return hashlib.sha256(token.encode()).hexdigest()
