"""Queries on what a human is asked: may this account be of that person?"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.store import bulk
from hub.store.store import Tx
from hub.store.subjects import chunks
from hub.store.tables import review, subject

_SHOWN = sa.select(review, subject.c.instance, subject.c.key).join(
    subject, subject.c.id == review.c.subject
)


def of_accounts(tx: Tx, subjects: Collection[int]) -> list[Any]:
    """Every question about these accounts, answered ones among them; by id."""
    names = ("id", "subject", "person", "state", "tier")
    rows = bulk.where_in(tx, review, "subject", subjects, names)
    return sorted(rows, key=lambda row: int(row[0]))


def put(tx: Tx, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """Ask, or ask anew what was closed; an answered question stays answered."""
    asked = {one["subject"] for one in rows}
    known = {(row[1], row[2]): row for row in of_accounts(tx, asked)}
    fresh = []
    for one in rows:
        old = known.get((one["subject"], one["person"]))
        if old is None:
            fresh.append(one | {"state": "open", "opened_at": now})
        elif old[3] == "closed":
            again = {"state": "open", "opened_at": now, "ended_at": None}
            tx.execute(review.update().where(review.c.id == old[0]).values(one | again))
    bulk.insert(tx, review, fresh)


def end(tx: Tx, ids: Collection[int], state: str, now: datetime) -> None:
    """Accepted, rejected, or closed because it answered itself."""
    for part in chunks(ids):
        mine = sa.and_(review.c.id.in_(part), review.c.state == "open")
        tx.execute(review.update().where(mine).values(state=state, ended_at=now))


def reject(tx: Tx, account: int, person: str, now: datetime) -> None:
    """This account is not of that person, and nobody asks again."""
    same = sa.and_(review.c.subject == account, review.c.person == person)
    values = {"state": "rejected", "ended_at": now}
    if not tx.execute(review.update().where(same).values(values)).rowcount:
        given = {"subject": account, "person": person, "tier": "none", "evidence": ["by-hand"]}
        tx.execute(review.insert().values(given | values | {"opened_at": now}))


def all_open(tx: Tx, limit: int) -> Sequence[Any]:
    """What waits for a human, the oldest first, with the account's instance and key."""
    query = _SHOWN.where(review.c.state == "open").order_by(review.c.subject, review.c.id)
    return tx.execute(query.limit(limit)).all()


def count_open(tx: Tx) -> int:
    """How many accounts wait for a human."""
    query = sa.select(sa.func.count(sa.distinct(review.c.subject)))
    return int(tx.execute(query.where(review.c.state == "open")).scalar_one())


def by_id(tx: Tx, ident: int) -> Any:
    """One question, or None."""
    return tx.execute(_SHOWN.where(review.c.id == ident)).first()


def of_persons(tx: Tx, ids: Collection[str], state: str = "open") -> list[Any]:
    """The questions about these persons in one state."""
    rows: list[Any] = []
    for part in chunks(ids):
        query = _SHOWN.where(review.c.person.in_(part), review.c.state == state)
        rows += tx.execute(query.order_by(review.c.id)).all()
    return rows


def replace(tx: Tx, rows: Sequence[dict[str, Any]], known: Collection[int], now: datetime) -> None:
    """Ask these, and close what is asked of the known accounts and is no question any more."""
    wanted = {(one["subject"], one["person"]) for one in rows}
    old = [row for row in of_accounts(tx, known) if row[3] == "open"]
    end(tx, [row[0] for row in old if (row[1], row[2]) not in wanted], "closed", now)
    put(tx, rows, now)


def move(tx: Tx, old: str, new: str, now: datetime) -> None:
    """What is asked about one person is asked about another, where it was not asked already."""
    rows = of_persons(tx, [old])
    put(
        tx,
        [
            {"subject": row.subject, "person": new, "tier": row.tier, "evidence": row.evidence}
            for row in rows
        ],
        now,
    )
    end(tx, [row.id for row in rows], "closed", now)


def forget(tx: Tx, person: str) -> None:
    """Nothing is asked about this person any more, and nothing ever was."""
    tx.execute(review.delete().where(review.c.person == person))
