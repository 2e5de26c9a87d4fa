"""What should exist: objects as projection wants them, and their causes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.store.store import Tx
from hub.store.tables import cause, obj


@dataclass(frozen=True, slots=True)
class Change:
    """One object that differs from what was desired before; `new` None: it becomes absent."""

    target: str
    kind: str
    key: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None

    @property
    def takes(self) -> bool:
        """Whether it takes away or alters something that was there."""
        return self.old is not None


def of_subject(tx: Tx, subject_id: int) -> list[Any]:
    """Objects that this subject causes or caused."""
    query = (
        sa.select(obj, cause.c.route)
        .join(cause, cause.c.object == obj.c.id)
        .where(cause.c.subject == subject_id)
        .order_by(obj.c.id)
    )
    return list(tx.execute(query))


def compare(rows: Sequence[Any], wanted: Sequence[Any]) -> list[Change]:
    """What would change if `wanted` were all that a subject causes."""
    present = {(r.target, r.kind, r.key): r for r in rows if r.state == "present"}
    new = {(w.target, str(w.kind), w.key): w for w in wanted if not w.withheld}
    changes = []
    for name in present.keys() | new.keys():
        old_row, one = present.get(name), new.get(name)
        if old_row is None or one is None or old_row.hash != one.hash:
            old = old_row.body if old_row is not None else None
            new_body = one.body if one else None
            changes.append(Change(name[0], name[1], name[2], old, new_body))
    return sorted(changes, key=lambda change: (change.target, change.key))


def desire(
    tx: Tx, instance_id: str, subject_id: int, wanted: Sequence[Any], now: datetime
) -> list[Change]:
    """Make the subject's objects as wanted; what changed is ahead of what is done."""
    rows = of_subject(tx, subject_id)
    known = {(row.target, row.kind, row.key): row for row in rows}
    away = {(row.target, row.kind, row.tile, row.audience) for row in rows if row.withdrawn}
    for one in wanted:
        object_id = put(tx, instance_id, one, now)
        if (one.target, str(one.kind), one.key) not in known:
            _add_cause(tx, object_id, subject_id, one.route)
            if (one.target, str(one.kind), one.tile, one.audience) in away:
                make_absent(tx, object_id, now, withdrawn=True)  # a new matter, still unwanted
    keep = {(one.target, str(one.kind), one.key) for one in wanted}
    for name, row in known.items():
        if name not in keep and row.state == "present":
            make_absent(tx, row.id, now)
        elif name not in keep and row.withheld:
            tx.execute(obj.update().where(obj.c.id == row.id).values(withheld=False))
    return compare(rows, wanted)


def _add_cause(tx: Tx, object_id: int, subject_id: int, route: str) -> None:
    same = sa.and_(cause.c.object == object_id, cause.c.subject == subject_id)
    if tx.execute(sa.select(cause.c.route).where(same)).first() is None:
        tx.execute(cause.insert().values(object=object_id, subject=subject_id, route=route))


def put(tx: Tx, instance_id: str, one: Any, now: datetime) -> int:
    """The object should exist like this; an equal one is left alone.

    A withdrawn one stays away, and so does one that a pilot withholds.
    """
    where = sa.and_(obj.c.target == one.target, obj.c.kind == str(one.kind), obj.c.key == one.key)
    row = tx.execute(sa.select(obj).where(where)).first()
    values = {
        "body": one.body,
        "hash": one.hash,
        "tile": one.tile,
        "audience": one.audience,
        "withheld": one.withheld,
    }
    if row is None:
        return _insert(tx, instance_id, one, values, now)
    if one.withheld and row.state == "present":
        make_absent(tx, row.id, now)
    if row.withdrawn or one.withheld:
        tx.execute(obj.update().where(obj.c.id == row.id).values(**values))
    elif row.state != "present" or row.hash != one.hash:
        values |= {"state": "present"} | ahead(now)
        tx.execute(obj.update().where(obj.c.id == row.id).values(**values))
    return int(row.id)


def _insert(tx: Tx, instance_id: str, one: Any, values: Mapping[str, Any], now: datetime) -> int:
    """A new object: to be sent, or, withheld, with nothing to do for anybody."""
    new = {"state": "present", "seq": 1, "status": "waiting"}
    idle = {"state": "absent", "seq": 1, "status": "done", "done_seq": 1, "done_state": "absent"}
    made = tx.execute(
        obj.insert().values(
            target=one.target,
            kind=str(one.kind),
            key=one.key,
            instance=instance_id,
            lane=one.key,
            changed_at=now,
            **(idle if one.withheld else new),
            **values,
        )
    )
    return int(made.inserted_primary_key[0])  # type: ignore[index]  # an insert has one


def ahead(now: datetime) -> dict[str, Any]:
    """Columns of an object that is to be sent, anew or for the first time."""
    return {
        "seq": obj.c.seq + 1,
        "status": "waiting",
        "reason": None,
        "due": None,
        "attempts": 0,
        "changed_at": now,
    }


def make_absent(tx: Tx, object_id: int, now: datetime, **extra: Any) -> None:
    """The object should not exist any more."""
    values = {"state": "absent", "withheld": False} | ahead(now) | extra
    tx.execute(obj.update().where(obj.c.id == object_id).values(**values))
