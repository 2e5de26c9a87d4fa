"""Looking objects up: by key, by cause, by tile, by how they stand."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from hub.store.store import Tx
from hub.store.subjects import chunks
from hub.store.tables import cause, obj, subject


def get(tx: Tx, target_id: str, kind: str, key: str) -> Any:
    """One object's row, or None."""
    where = sa.and_(obj.c.target == target_id, obj.c.kind == kind, obj.c.key == key)
    return tx.execute(sa.select(obj).where(where)).first()


def by_keys(tx: Tx, target_id: str, kind: str, keys: Collection[str]) -> dict[str, Any]:
    """Objects of one kind on one target, by key."""
    found: dict[str, Any] = {}
    for part in chunks(keys):
        where = sa.and_(obj.c.target == target_id, obj.c.kind == kind, obj.c.key.in_(part))
        found |= {row.key: row for row in tx.execute(sa.select(obj).where(where))}
    return found


def of_people(tx: Tx, keys: Collection[str]) -> list[Any]:
    """The accounts and pictures of these persons, on every target."""
    found: list[Any] = []
    for part in chunks(keys):
        where = sa.and_(obj.c.kind.in_(("person", "photo")), obj.c.key.in_(part))
        found += tx.execute(sa.select(obj).where(where).order_by(obj.c.id)).all()
    return found


def any_of_kind(tx: Tx, target_id: str, kind: str) -> bool:
    """Whether there ever was an object of this kind on a target."""
    query = sa.select(obj.c.id).where(obj.c.target == target_id, obj.c.kind == kind)
    return tx.execute(query.limit(1)).first() is not None


def active_people(tx: Tx, target_id: str) -> int:
    """How many persons should have an account on a target that they can use."""
    query = sa.select(obj.c.body).where(
        obj.c.target == target_id, obj.c.kind == "person", obj.c.state == "present"
    )
    return sum(bool(body.get("active")) for body in tx.execute(query).scalars())


def refused_people(tx: Tx, instance_id: str) -> tuple[int, int]:
    """Of the persons, groups and memberships of an instance: how many targets refused, of how many."""
    query = sa.select(obj.c.status, sa.func.count()).where(
        obj.c.instance == instance_id,
        obj.c.kind.in_(("person", "group", "membership")),
        obj.c.state == "present",
    )
    found = {row[0]: row[1] for row in tx.execute(query.group_by(obj.c.status))}
    return found.get("rejected", 0), sum(found.values())


def sought(tx: Tx) -> dict[str, int]:
    """Per target how many accounts of others were looked for, and not found."""
    mine = (obj.c.status == "sought", obj.c.kind == "person")
    query = sa.select(obj.c.target, sa.func.count()).where(*mine)
    return {row[0]: row[1] for row in tx.execute(query.group_by(obj.c.target))}


def set_instance(tx: Tx, object_id: int, instance_id: str) -> None:
    """Whose mode decides whether it is sent."""
    tx.execute(obj.update().where(obj.c.id == object_id).values(instance=instance_id))


def forget_body(tx: Tx, object_id: int) -> None:
    """What it looked like, wanted and delivered; that it is to go is still known."""
    tx.execute(obj.update().where(obj.c.id == object_id).values(body={}, done_body={}, reason=None))


def find(tx: Tx, text: str) -> list[Any]:
    """Objects whose key is or contains the text, or whose cause's key is it."""
    by_cause = sa.select(cause.c.object).join(subject).where(subject.c.key == text)
    query = sa.select(obj).where(
        sa.or_(
            obj.c.key == text, obj.c.key.icontains(text, autoescape=True), obj.c.id.in_(by_cause)
        )
    )
    return list(tx.execute(query.order_by(obj.c.id)))


def named(tx: Tx, text: str) -> list[Any]:
    """Objects of this key, else of subjects of this key, else of those whose first words it is."""
    if rows := list(tx.execute(sa.select(obj).where(obj.c.key == text).order_by(obj.c.id))):
        return rows
    begins = sa.select(subject.c.key).where(subject.c.key.startswith(text, autoescape=True))
    keys: list[str] = list(tx.execute(begins).scalars())
    meant = [text] if text in keys else [key for key in keys if _whole_words(key, text)]
    by_cause = sa.select(cause.c.object).join(subject).where(subject.c.key.in_(meant))
    return list(tx.execute(sa.select(obj).where(obj.c.id.in_(by_cause)).order_by(obj.c.id)))


def _whole_words(key: str, text: str) -> bool:
    return bool(text) and key.startswith(text) and not key[len(text)].isalnum()


def causes(tx: Tx, object_id: int) -> list[Any]:
    """Subjects and routes behind an object."""
    query = (
        sa.select(subject, cause.c.route)
        .join(cause, cause.c.subject == subject.c.id)
        .where(cause.c.object == object_id)
        .order_by(subject.c.id)
    )
    return list(tx.execute(query))


def of_instance(tx: Tx, instance_id: str) -> list[Any]:
    """Every object of an instance."""
    return list(tx.execute(sa.select(obj).where(obj.c.instance == instance_id).order_by(obj.c.id)))


def all_rows(tx: Tx) -> list[Any]:
    """Every object."""
    return list(tx.execute(sa.select(obj).order_by(obj.c.id)))


def on_tile(tx: Tx, target_id: str, tile: str, audience: str) -> list[Any]:
    """Tile items and freshness of one tile on one target."""
    query = sa.select(obj).where(
        obj.c.target == target_id, obj.c.tile == tile, obj.c.audience == audience
    )
    return list(tx.execute(query.order_by(obj.c.id)))


def counts(tx: Tx) -> list[Any]:
    """Per target, instance and status how many, and how many are ahead."""
    ahead = sa.case((obj.c.seq > obj.c.done_seq, 1), else_=0)
    query = sa.select(
        obj.c.target,
        obj.c.instance,
        obj.c.kind,
        obj.c.status,
        sa.func.count().label("number"),
        sa.func.sum(ahead).label("ahead"),
        sa.func.sum(sa.case((obj.c.done_state == "present", 1), else_=0)).label("published"),
        sa.func.sum(sa.case((obj.c.withheld, 1), else_=0)).label("withheld"),
    ).group_by(obj.c.target, obj.c.instance, obj.c.kind, obj.c.status)
    return list(tx.execute(query))


def troubled(tx: Tx) -> list[Any]:
    """Objects that a target refused for good, or that wait with a reason."""
    query = sa.select(obj).where(
        sa.or_(
            obj.c.status.in_(("rejected", "uncertain")),
            sa.and_(obj.c.status == "waiting", obj.c.reason.is_not(None)),
        )
    )
    return list(tx.execute(query.order_by(obj.c.id)))


def refused(tx: Tx, statuses: Collection[str] = ("rejected", "uncertain")) -> list[Any]:
    """Objects that were set aside; `dropped` are those that nobody wants to hear of."""
    return list(tx.execute(sa.select(obj).where(obj.c.status.in_(statuses)).order_by(obj.c.id)))


def withheld(tx: Tx) -> list[Any]:
    """Objects that a pilot keeps from its target, and that do not stand there."""
    there = sa.func.coalesce(obj.c.done_state, "absent") == "present"
    query = sa.select(obj).where(obj.c.withheld, ~obj.c.withdrawn, ~there)
    return list(tx.execute(query.order_by(obj.c.target, obj.c.tile, obj.c.id)))


def by_ids(tx: Tx, ids: Collection[int]) -> list[Any]:
    """Objects by id, in order of id."""
    rows: list[Any] = []
    for part in chunks(sorted(ids)):
        rows += tx.execute(sa.select(obj).where(obj.c.id.in_(part)).order_by(obj.c.id)).all()
    return rows


def drop_refused(tx: Tx, ids: Collection[int]) -> None:
    """Stay refused, uncounted, until what is desired changes."""
    for part in chunks(ids):
        where = sa.and_(obj.c.id.in_(part), obj.c.status == "rejected")
        tx.execute(obj.update().where(where).values(status="dropped"))
