"""What should exist: objects as projection wants them, and their causes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.store import bulk, requirements
from hub.store.store import Tx
from hub.store.subjects import chunks
from hub.store.tables import cause, obj

LINKED = "linked"  # the ownership of an account that others made: it is referenced, never written
OURS = obj.c.ownership.is_distinct_from(LINKED)


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


@dataclass(frozen=True, slots=True)
class Wanted:
    """What should exist because of one subject, and nothing else because of it.

    Attributes:
        objects: as projection made them.
        fresh: the subject was not known before: nothing exists because of it.
    """

    subject: int
    instance: str
    objects: Sequence[Any]
    fresh: bool = False


def desire(tx: Tx, wanted: Sequence[Wanted], now: datetime) -> None:
    """Make the objects of these subjects as wanted; what changed is ahead of what is done."""
    known = _of_subjects(tx, [one.subject for one in wanted if not one.fresh])
    step = _Step(tx, now, _existing(tx, wanted))
    for one in wanted:
        step.take(one, known.get(one.subject, []))
    step.flush()


Name = tuple[str, str, str]  # target, kind, key
_SHAPE = (
    "id", "target", "kind", "key", "hash", "state", "withdrawn", "withheld", "tile", "audience",
    "ownership",
)  # fmt: skip


def _name(one: Any) -> Name:
    return one.target, str(one.kind), one.key


def _of_subjects(tx: Tx, ids: Sequence[int]) -> dict[int, list[Any]]:
    """Per subject the objects that it causes or caused."""
    found: dict[int, list[Any]] = {}
    columns = [obj.c[name] for name in _SHAPE]
    for part in chunks(ids):
        query = sa.select(cause.c.subject, *columns).join(obj, obj.c.id == cause.c.object)
        for row in tx.execute(query.where(cause.c.subject.in_(part)).order_by(obj.c.id)):
            found.setdefault(row.subject, []).append(row)
    return found


def _existing(tx: Tx, wanted: Sequence[Wanted]) -> dict[Name, Any]:
    """The wanted objects that exist already, whoever causes them."""
    keys: dict[tuple[str, str], dict[str, None]] = {}
    for one in wanted:
        for made in one.objects:
            keys.setdefault((made.target, str(made.kind)), {})[made.key] = None
    return {
        _name(row): row
        for (target_id, kind), listed in keys.items()
        for row in bulk.where_in(tx, obj, "key", listed, _SHAPE, target=target_id, kind=kind)
    }


class _Step:
    """Objects of many subjects, written in few statements."""

    def __init__(self, tx: Tx, now: datetime, existing: dict[Name, Any]) -> None:
        self._tx, self._now, self._existing = tx, now, existing
        self._made: dict[Name, dict[str, Any]] = {}
        self._changed: list[dict[str, Any]] = []
        self._stored: list[dict[str, Any]] = []
        self._gone: list[int] = []
        self._free: list[int] = []
        self._away: list[Name] = []
        self._causes: list[tuple[Name, int, str]] = []
        self._new: dict[Name, Any] = {}

    def take(self, wanted: Wanted, rows: Sequence[Any]) -> None:
        known = {_name(row): row for row in rows}
        away = {(row.target, row.kind, row.tile, row.audience) for row in rows if row.withdrawn}
        keep = set()
        for one in wanted.objects:
            name = _name(one)
            keep.add(name)
            self.put(wanted.instance, one)
            if name not in known:
                self._causes.append((name, wanted.subject, one.route))
                if (one.target, str(one.kind), one.tile, one.audience) in away:
                    self._away.append(name)  # a new matter, still unwanted
        gone = [row for name, row in known.items() if name not in keep]
        self._gone += [row.id for row in gone if row.state == "present"]
        self._free += [row.id for row in gone if row.state != "present" and row.withheld]

    def put(self, instance_id: str, one: Any) -> None:
        name = _name(one)
        row = self._existing.get(name)
        if row is not None and row.ownership == LINKED:
            return  # referenced, never written
        values = {
            "body": one.text,
            "hash": one.hash,
            "tile": one.tile,
            "audience": one.audience,
            "withheld": one.withheld,
        }
        if row is None:
            self._made[name] = _row(instance_id, one, values, self._now)
            self._new[name] = one
            return
        if one.withheld and row.state == "present":
            self._gone.append(row.id)
        if row.withdrawn or one.withheld:
            self._stored.append({"id_": row.id, **values})
        elif row.state != "present" or row.hash != one.hash:
            self._changed.append({"id_": row.id, **values})
            self._new[name] = one

    def flush(self) -> None:
        made = bulk.insert(
            self._tx, obj, list(self._made.values()), returning=("target", "kind", "key", "id")
        )
        ids = {_name(row): row.id for row in self._existing.values()}
        ids |= {(row[0], row[1], row[2]): row[3] for row in made}
        self._require(ids)
        if self._changed:
            self._update(self._changed, {"state": "present"} | ahead(self._now))
        for one in self._gone:
            make_absent(self._tx, one, self._now)
        self._update(self._stored, {})
        self._update([{"id_": one, "withheld": False} for one in self._free], {})
        self._add_causes(ids)
        for name in self._away:
            make_absent(self._tx, ids[name], self._now, withdrawn=True)

    def _require(self, ids: dict[Name, int]) -> None:
        wanted = [(ids[name], one) for name, one in self._new.items() if one.requires]
        requirements.put(self._tx, wanted, anew=[row["id_"] for row in self._changed])

    def _update(self, rows: Sequence[dict[str, Any]], values: dict[str, Any]) -> None:
        if not rows:
            return
        columns: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0] if name != "id_"}
        where = obj.c.id == sa.bindparam("id_")
        self._tx.execute(obj.update().where(where).values({**columns, **values}), list(rows))

    def _add_causes(self, ids: dict[Name, int]) -> None:
        old = [(ids[name], one) for name, one, _ in self._causes if name not in self._made]
        known = set()
        for part in chunks([object_id for object_id, _ in old]):
            query = sa.select(cause.c.object, cause.c.subject).where(cause.c.object.in_(part))
            known |= {(row.object, row.subject) for row in self._tx.execute(query)}
        rows = [
            {"object": ids[name], "subject": one, "route": route}
            for name, one, route in self._causes
            if (ids[name], one) not in known
        ]
        bulk.insert(self._tx, cause, rows)


def _row(instance_id: str, one: Any, values: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A new object: to be sent, or, withheld, with nothing to do for anybody."""
    new = {"state": "present", "seq": 1, "status": "waiting", "done_seq": 0, "done_state": None}
    idle = {"state": "absent", "seq": 1, "status": "done", "done_seq": 1, "done_state": "absent"}
    return {
        "target": one.target,
        "kind": str(one.kind),
        "key": one.key,
        "instance": instance_id,
        "lane": one.lane or one.key,
        "changed_at": now,
        **(idle if one.withheld else new),
        **values,
    }


def put(tx: Tx, instance_id: str, one: Any, now: datetime) -> None:
    """The object should exist like this; an equal one is left alone.

    A withdrawn one stays away, and so does one that a pilot withholds.
    """
    existing = _existing(tx, [Wanted(0, instance_id, [one])])
    step = _Step(tx, now, existing)
    step.put(instance_id, one)
    step.flush()


def put_many(tx: Tx, wanted: Sequence[tuple[str, Any]], now: datetime) -> None:
    """The same for many objects, each with its instance."""
    existing = _existing(tx, [Wanted(0, "", [one for _, one in wanted])])
    step = _Step(tx, now, existing)
    for instance_id, one in wanted:
        step.put(instance_id, one)
    step.flush()


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
    tx.execute(obj.update().where(obj.c.id == object_id, OURS).values(**values))


def make_all_absent(tx: Tx, ids: Collection[int], now: datetime) -> None:
    """The same for many objects."""
    values = {"state": "absent", "withheld": False} | ahead(now)
    for part in chunks(ids):
        tx.execute(obj.update().where(obj.c.id.in_(part), OURS).values(**values))
