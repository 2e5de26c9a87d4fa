"""Queries on invitations: one-time codes of persons, and what became of them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.store import bulk
from hub.store.sessions import MAY_LOOK
from hub.store.store import Tx
from hub.store.subjects import chunks
from hub.store.tables import account, invitation, login, person, session, subject

OPEN, REDEEMED, REPLACED, REVOKED = "open", "redeemed", "replaced", "revoked"
_NAMED = sa.select(invitation, person.c.name).join(person, person.c.id == invitation.c.person)


def put(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Note new invitations; what these persons had until now is good for nothing from now on."""
    end(tx, [row["person"] for row in rows], REPLACED, rows[0]["made_at"])
    bulk.insert(tx, invitation, [row | {"state": OPEN, "attempts": 0} for row in rows])


def end(tx: Tx, persons: Collection[str], state: str, now: datetime) -> int:
    """End the open invitations of these persons; how many."""
    found = 0
    for part in chunks(persons):
        mine = sa.and_(invitation.c.person.in_(part), invitation.c.state == OPEN)
        values = {"state": state, "ended_at": now}
        found += int(tx.execute(invitation.update().where(mine).values(values)).rowcount)
    return found


def behind(tx: Tx, digest: str) -> Any:
    """The invitation with this code and its person, whatever became of them; or None."""
    whose = invitation.join(person, person.c.id == invitation.c.person)
    known = (person.c.name, person.c.attributes, person.c.state.label("standing"))
    query = sa.select(invitation, *known).select_from(whose)
    return tx.execute(query.where(invitation.c.digest == digest)).first()


def count_attempt(tx: Tx, digest: str, wrong: int) -> None:
    """So many wrong second answers more; for a code that is none, the same work."""
    more = {"attempts": invitation.c.attempts + wrong}
    tx.execute(invitation.update().where(invitation.c.digest == digest).values(more))


def update(tx: Tx, number: int, **values: Any) -> None:
    """What became of one."""
    tx.execute(invitation.update().where(invitation.c.id == number).values(values))


def of_persons(tx: Tx, ids: Collection[str]) -> list[Any]:
    """Those of these persons, the newest first."""
    found: list[Any] = []
    for part in chunks(ids):
        found += tx.execute(_NAMED.where(invitation.c.person.in_(part))).all()
    return sorted(found, key=lambda row: int(row.id), reverse=True)


def listed(tx: Tx, *, all_of_them: bool, now: datetime, limit: int) -> Sequence[Any]:
    """The newest first, with the person's name; only those that are still good unless asked."""
    good = sa.and_(invitation.c.state == OPEN, invitation.c.until > now)
    query = _NAMED.order_by(invitation.c.id.desc()).limit(limit)
    return tx.execute(query if all_of_them else query.where(good)).all()


def count_open(tx: Tx, now: datetime) -> int:
    """How many codes are good now."""
    good = sa.and_(invitation.c.state == OPEN, invitation.c.until > now)
    query = sa.select(sa.func.count()).select_from(invitation).where(good)
    return tx.execute(query).scalar_one()


def persons_with(tx: Tx, instance: str | None) -> list[Any]:
    """Persons who may begin, by name: all, or those with an account of this instance."""
    query = sa.select(person).where(person.c.state.in_(sorted(MAY_LOOK)))
    if instance is not None:
        mine = sa.select(account.c.person).join(subject, subject.c.id == account.c.subject)
        here = sa.and_(subject.c.instance == instance, subject.c.removed_at.is_(None))
        query = query.where(person.c.id.in_(mine.where(here)))
    return list(tx.execute(query.order_by(person.c.name, person.c.id)).all())


def begun(tx: Tx) -> set[str]:
    """Persons who got in before: by a code, by a login that is known, or in a session."""
    redeemed = sa.select(invitation.c.person).where(invitation.c.state == REDEEMED)
    parts = (redeemed, sa.select(login.c.person), sa.select(session.c.person))
    return {row[0] for part in parts for row in tx.execute(part)}


def move(tx: Tx, old: str, new: str, now: datetime) -> None:
    """What was one person's is another's; of several that are open the newest stays good."""
    tx.execute(invitation.update().where(invitation.c.person == old).values(person=new))
    tx.execute(login.update().where(login.c.person == old).values(person=new))
    still = [row.id for row in of_persons(tx, [new]) if row.state == OPEN]
    for number in still[1:]:
        update(tx, number, state=REPLACED, ended_at=now)


def forget(tx: Tx, persons: Iterable[str]) -> None:
    """Forget the invitations and logins of these persons."""
    for part in chunks(list(persons)):
        tx.execute(invitation.delete().where(invitation.c.person.in_(part)))
        forget_logins(tx, part)


def forget_logins(tx: Tx, persons: Collection[str]) -> None:
    """Whose these logins are is not known any more."""
    tx.execute(login.delete().where(login.c.person.in_(list(persons))))


def forget_ended(tx: Tx, before: datetime, part: int = 500) -> int:
    """Forget what could not be used any more since this moment, a small part; how many."""
    query = sa.select(invitation.c.id).where(invitation.c.until < before)
    ids = list(tx.execute(query.order_by(invitation.c.id).limit(part)).scalars())
    if ids:
        tx.execute(invitation.delete().where(invitation.c.id.in_(ids)))
    return len(ids)


# --- whose login it is ---------------------------------------------------------------------------


def handed_over(tx: Tx, digest: str, now: datetime) -> Any:
    """The invitation that sent somebody to the login a moment ago, with its person; or None."""
    mine = sa.and_(invitation.c.handover == digest, invitation.c.handover_until > now)
    query = sa.select(invitation.c.id, invitation.c.person, person.c.state.label("standing"))
    whose = invitation.join(person, person.c.id == invitation.c.person)
    return tx.execute(query.select_from(whose).where(mine)).first()


def login_of(tx: Tx, issuer: str, subject_of: str) -> str | None:
    """Whose login this is, where an invitation said so."""
    same = sa.and_(login.c.issuer == issuer, login.c.subject == subject_of)
    found: str | None = tx.execute(sa.select(login.c.person).where(same)).scalar()
    return found


def logins_of(tx: Tx, ident: str) -> Sequence[Any]:
    """The logins that are known to be this person's."""
    query = sa.select(login).where(login.c.person == ident).order_by(login.c.since)
    return tx.execute(query).all()


def put_login(tx: Tx, issuer: str, subject_of: str, ident: str, now: datetime) -> None:
    """This login is this person's."""
    values = {"issuer": issuer, "subject": subject_of, "person": ident, "since": now}
    tx.execute(login.insert().values(values))
