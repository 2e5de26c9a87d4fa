"""Queries on who manages whom: references between accounts, and the key that stands on targets."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.events.base import Family
from hub.events.objects import Kind
from hub.events.person import MANAGER
from hub.store import bulk
from hub.store.desire import ahead
from hub.store.store import Tx
from hub.store.subjects import chunks
from hub.store.tables import account, obj, person, ref, subject

FIELD = "manager"  # of the body of a person's object
_BOSS, _THEIRS = subject.alias("boss"), account.alias("theirs")
_SAME = sa.and_(  # the account that a reference names is one of the same source
    _BOSS.c.instance == subject.c.instance,
    _BOSS.c.family == str(Family.PERSON),
    _BOSS.c.key == ref.c.value,
)
_ROLE = ref.c.role == MANAGER
_CLAIMS = (
    sa.select(account.c.person, subject.c.instance, _THEIRS.c.person)
    .join(subject, subject.c.id == account.c.subject)
    .join(ref, sa.and_(ref.c.subject == account.c.subject, _ROLE))
    .join(_BOSS, _SAME)
    .join(_THEIRS, _THEIRS.c.subject == _BOSS.c.id)
    .where(subject.c.removed_at.is_(None), _THEIRS.c.person.is_not(None))
    .order_by(account.c.subject, _BOSS.c.id)
)
_REPORTS = (
    sa.select(account.c.person)
    .select_from(_THEIRS)
    .join(_BOSS, _BOSS.c.id == _THEIRS.c.subject)
    .join(ref, sa.and_(ref.c.value == _BOSS.c.key, _ROLE))
    .join(subject, sa.and_(subject.c.id == ref.c.subject, _SAME))
    .join(account, account.c.subject == subject.c.id)
    .where(account.c.person.is_not(None))
)
_SETTLED = sa.select(person.c.id).where(person.c.stale.is_(False)).limit(1)
Claim = tuple[str, str, str]  # a person, the instance that says so, and the person's manager


def claims_of_stale(tx: Tx) -> list[Claim]:
    """Who manages those that changed, as their accounts say, in order of appearance."""
    stale = sa.select(person.c.id).where(person.c.stale.is_(True))
    return _claims(tx, _CLAIMS.where(account.c.person.in_(stale)))


def claims(tx: Tx, persons: Collection[str]) -> list[Claim]:
    """The same of these persons."""
    found: list[Claim] = []
    for part in chunks(persons):
        found += _claims(tx, _CLAIMS.where(account.c.person.in_(part)))
    return found


def _claims(tx: Tx, query: sa.Select[Any]) -> list[Claim]:
    return [(row[0], row[1], row[2]) for row in tx.execute(query)]


def settled_reports(tx: Tx, managers: Collection[str]) -> set[str]:
    """Whom these persons manage, but for those who are looked at again anyhow."""
    found: set[str] = set()
    if not managers or tx.execute(_SETTLED).first() is None:
        return found
    settled = _REPORTS.join(person, person.c.id == account.c.person)
    query = settled.where(person.c.stale.is_(False)).distinct()
    for part in chunks(managers):
        found |= set(tx.execute(query.where(_THEIRS.c.person.in_(part))).scalars())
    return found


def touch_reports(tx: Tx, managers: Collection[str]) -> None:
    """Whoever these persons manage is looked at again."""
    _touch(tx, _THEIRS.c.person, managers)


def touch_reports_to(tx: Tx, accounts: Collection[int]) -> None:
    """Whoever these accounts, by subject, manage is looked at again."""
    _touch(tx, _THEIRS.c.subject, accounts)


def _touch(tx: Tx, column: sa.Column[Any], values: Collection[Any]) -> None:
    if not values or tx.execute(_SETTLED).first() is None:
        return  # everybody is looked at anyhow, as the first time
    for part in chunks(values):
        mine = person.c.id.in_(_REPORTS.where(column.in_(part)))
        tx.execute(person.update().where(mine, person.c.stale.is_(False)).values(stale=True))


def present(tx: Tx, target_id: str, keys: Collection[str]) -> set[str]:
    """Which of these persons have, or are to have, an account on a target."""
    found: set[str] = set()
    query = sa.select(obj.c.key).where(
        obj.c.target == target_id, obj.c.kind == str(Kind.PERSON), obj.c.state == "present"
    )
    for part in chunks(keys):
        found |= set(tx.execute(query.where(obj.c.key.in_(part))).scalars())
    return found


def forget(tx: Tx, persons: Collection[str]) -> None:
    """No account on a target names these as its manager any more; it is sent so with the next step.

    Looked for in what stands there, and not by references: these may have changed since.
    """
    for ident in persons:
        for row in tx.execute(_naming(ident)):
            values = {"body": _without(row.body), "done_body": _without(row.done_body), "hash": ""}
            tx.execute(obj.update().where(obj.c.id == row.id).values(values))
            tx.execute(person.update().where(person.c.id == row.key).values(stale=True))


def remote_ids(tx: Tx, target_id: str, keys: Collection[str]) -> dict[str, str]:
    """How a target calls these persons, of those who stand there to stay."""
    same = {"target": target_id, "kind": str(Kind.PERSON), "state": "present"}
    columns = ("key", "remote_id", "done_state")
    rows = bulk.where_in(tx, obj, "key", keys, columns, **same)
    return {row[0]: row[1] for row in rows if row[1] is not None and row[2] == "present"}


_BARE = (
    obj.update()
    .where(obj.c.id == sa.bindparam("b_id"), obj.c.done_seq == sa.bindparam("b_seq"))
    .values(done_body=sa.bindparam("b_body"))
)


def stand_without(tx: Tx, rows: Sequence[Any]) -> None:
    """These versions were delivered without a manager, though one may be desired."""
    if rows:
        given = [{"b_id": row.id, "b_seq": row.seq, "b_body": row.body} for row in rows]
        tx.execute(_BARE, given)


def send_again(tx: Tx, target_id: str, now: datetime) -> bool:
    """Whether somebody stands there without a manager who stands there by now; they are sent."""
    lacking = {
        row.id: row.body[FIELD] for row in tx.execute(_LACKING.where(obj.c.target == target_id))
    }
    there = remote_ids(tx, target_id, set(lacking.values()))
    ids = [ident for ident, who in lacking.items() if who in there]
    for part in chunks(ids):
        tx.execute(obj.update().where(obj.c.id.in_(part)).values(ahead(now)))
    return bool(ids)


_SAID = f'"{FIELD}":'  # in canonical text; within a value its quotes would be written otherwise
_LACKING = sa.select(obj.c.id, obj.c.body).where(
    obj.c.kind == str(Kind.PERSON),
    obj.c.state == "present",
    obj.c.status == "done",
    sa.type_coerce(obj.c.body, sa.Text).contains(_SAID, autoescape=True),
    ~sa.type_coerce(obj.c.done_body, sa.Text).contains(_SAID, autoescape=True),
)


def _naming(ident: str) -> sa.Select[Any]:
    said = f'"{FIELD}":"{ident}"'
    texts = [sa.type_coerce(one, sa.Text) for one in (obj.c.body, obj.c.done_body)]
    named = sa.or_(*[one.contains(said, autoescape=True) for one in texts])
    columns = (obj.c.id, obj.c.key, obj.c.body, obj.c.done_body)
    return sa.select(*columns).where(obj.c.kind == str(Kind.PERSON), named)


def _without(body: Any) -> Any:
    return body and {name: value for name, value in body.items() if name != FIELD}
