"""Queries on subjects of one instance, as a protocol that the hub serves asks for them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.store.store import Tx
from hub.store.subjects import chunks
from hub.store.tables import hold, obj, person, ref, subject

_THERE = sa.and_(subject.c.removed_at.is_(None), subject.c.staged.is_(None))
_AWAY = sa.and_(subject.c.state.is_not(None), sa.not_(_THERE))


def _of(instance_id: str, family: str) -> sa.ColumnElement[bool]:
    return sa.and_(subject.c.instance == instance_id, subject.c.family == family)


def by_keys(tx: Tx, instance_id: str, family: str, keys: Collection[str]) -> list[Any]:
    """Subjects that are there, by key."""
    rows: list[Any] = []
    for part in chunks(keys):
        same = sa.and_(_of(instance_id, family), subject.c.key.in_(part), _THERE)
        rows += tx.execute(sa.select(subject).where(same))
    return rows


def by_ref(
    tx: Tx, instance_id: str, family: str, named: tuple[str, str, str, str], *, gone: bool
) -> Sequence[Any]:
    """Subjects with this reference (role, namespace, kind, value), in order of appearance.

    Args:
        gone: those that are there no more, as long as their state is remembered.
    """
    role, namespace, kind, value = named
    same = sa.and_(
        ref.c.value == value,
        ref.c.role == role,
        ref.c.namespace == namespace,
        ref.c.kind == kind,
        _of(instance_id, family),
        _AWAY if gone else _THERE,
    )
    query = sa.select(subject).join(ref, ref.c.subject == subject.c.id)
    return tx.execute(query.where(same).order_by(subject.c.id)).all()


def page(
    tx: Tx, instance_id: str, family: str, start: int, count: int
) -> tuple[int, Sequence[Any]]:
    """How many subjects are there, and so many of them, in order of appearance."""
    there = sa.and_(_of(instance_id, family), _THERE)
    total = tx.execute(sa.select(sa.func.count()).select_from(subject).where(there)).scalar_one()
    query = sa.select(subject).where(there).order_by(subject.c.id)
    rows = tx.execute(query.offset(start).limit(count)).all() if count else ()
    return int(total), rows


def refs_of(tx: Tx, ids: Collection[int]) -> dict[int, list[Any]]:
    """The references of these subjects."""
    found: dict[int, list[Any]] = {one: [] for one in ids}
    for part in chunks(ids):
        for row in tx.execute(sa.select(ref).where(ref.c.subject.in_(part))):
            found[row.subject].append(row)
    return found


def removed_since(
    tx: Tx, instance_id: str, families: Collection[str], since: datetime
) -> Sequence[Any]:
    """Subjects whose removal was applied after this moment."""
    query = sa.select(subject).where(
        subject.c.instance == instance_id,
        subject.c.family.in_(sorted(families)),
        subject.c.removed_at > since,
    )
    return tx.execute(query).all()


def lost_since(tx: Tx, target: str, moment: datetime) -> int:
    """How many persons were suspended after this moment, and lost their account on this target."""
    query = sa.select(obj.c.state, obj.c.body).join(person, person.c.id == obj.c.key)
    there = sa.and_(obj.c.target == target, obj.c.kind == "person")
    moved = sa.and_(person.c.state == "suspended", person.c.since > moment)
    rows = tx.execute(query.where(there, moved))
    return sum(row.state != "present" or not row.body.get("active") for row in rows)


def released_at(tx: Tx, holder: str | None, action: str) -> datetime | None:
    """When a hold of this instance (or target; None: of any) and action was released last."""
    mine = sa.and_(hold.c.action == action, hold.c.state == "released")
    if holder is not None:
        mine = sa.and_(mine, hold.c.instance == holder)
    moment: datetime | None = tx.execute(
        sa.select(hold.c.ended_at).where(mine).order_by(hold.c.ended_at.desc()).limit(1)
    ).scalar()
    return moment
