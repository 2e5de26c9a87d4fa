"""Queries on objects and their causes: desired, done, waiting."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.store.store import Tx
from hub.store.subjects import chunks
from hub.store.tables import cause, instance, obj, subject, target


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
    new = {(w.target, str(w.kind), w.key): w for w in wanted}
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
    return compare(rows, wanted)


def _add_cause(tx: Tx, object_id: int, subject_id: int, route: str) -> None:
    same = sa.and_(cause.c.object == object_id, cause.c.subject == subject_id)
    if tx.execute(sa.select(cause.c.route).where(same)).first() is None:
        tx.execute(cause.insert().values(object=object_id, subject=subject_id, route=route))


def put(tx: Tx, instance_id: str, one: Any, now: datetime) -> int:
    """The object should exist like this; an equal one is left alone, a withdrawn one stays away."""
    where = sa.and_(obj.c.target == one.target, obj.c.kind == str(one.kind), obj.c.key == one.key)
    row = tx.execute(sa.select(obj).where(where)).first()
    values = {"body": one.body, "hash": one.hash, "tile": one.tile, "audience": one.audience}
    if row is None:
        made = tx.execute(
            obj.insert().values(
                target=one.target,
                kind=str(one.kind),
                key=one.key,
                instance=instance_id,
                lane=one.key,
                state="present",
                seq=1,
                status="waiting",
                changed_at=now,
                **values,
            )
        )
        return int(made.inserted_primary_key[0])  # type: ignore[index]  # an insert has one
    if row.withdrawn:
        tx.execute(obj.update().where(obj.c.id == row.id).values(**values))
    elif row.state != "present" or row.hash != one.hash:
        values |= {"state": "present"} | _ahead(now)
        tx.execute(obj.update().where(obj.c.id == row.id).values(**values))
    return int(row.id)


def _ahead(now: datetime) -> dict[str, Any]:
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
    tx.execute(
        obj.update().where(obj.c.id == object_id).values(state="absent", **_ahead(now), **extra)
    )


def get(tx: Tx, target_id: str, kind: str, key: str) -> Any:
    """One object's row, or None."""
    where = sa.and_(obj.c.target == target_id, obj.c.kind == kind, obj.c.key == key)
    return tx.execute(sa.select(obj).where(where)).first()


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


def _sendable() -> sa.ColumnElement[bool]:
    """Objects of instances that are live and not paused; what was withdrawn goes in any mode."""
    live = sa.and_(instance.c.mode == "live", ~instance.c.paused)
    return sa.or_(obj.c.withdrawn, live)


def waiting(tx: Tx, target_id: str, now: datetime, limit: int = 200) -> list[Any]:
    """Objects to deliver now, withdrawals first: hiding something is the most urgent."""
    query = (
        sa.select(obj)
        .join(instance, instance.c.id == obj.c.instance)
        .where(
            obj.c.target == target_id,
            obj.c.status == "waiting",
            obj.c.seq > obj.c.done_seq,
            sa.or_(obj.c.due.is_(None), obj.c.due <= now),
            _sendable(),
        )
        .order_by(obj.c.state, obj.c.id)
        .limit(limit)
    )
    return list(tx.execute(query))


def next_due(tx: Tx, target_id: str) -> datetime | None:
    """When a waiting object is due next; None when none waits for its time."""
    query = sa.select(sa.func.min(obj.c.due)).where(
        obj.c.target == target_id, obj.c.status == "waiting", obj.c.seq > obj.c.done_seq
    )
    moment: datetime | None = tx.execute(query).scalar()
    return moment


def pending(tx: Tx, target_id: str | None = None) -> list[Any]:
    """Objects whose desired state is not the delivered one, whatever the mode."""
    query = sa.select(obj).where(obj.c.seq > obj.c.done_seq)
    if target_id is not None:
        query = query.where(obj.c.target == target_id)
    return list(tx.execute(query.order_by(obj.c.target, obj.c.tile, obj.c.id)))


def count_ahead(tx: Tx, target_id: str) -> int:
    """How many objects wait to be delivered."""
    return len([row for row in pending(tx, target_id) if row.kind != "freshness"])


def set_ids(tx: Tx, ids: Collection[int], **values: Any) -> None:
    """The same values for many objects."""
    for part in chunks(ids):
        tx.execute(obj.update().where(obj.c.id.in_(part)).values(**values))


def taken_down(tx: Tx, row: Any) -> None:
    """It no longer stands on the target, though its newest version is still to come."""
    tx.execute(
        obj.update()
        .where(obj.c.id == row.id)
        .values(done_state="absent", done_body=None, remote_id=None, remote_version=None)
    )


def set_if_same(tx: Tx, row: Any, **values: Any) -> None:
    """Values for this version only: a newer one, made meanwhile, has its own chance."""
    tx.execute(obj.update().where(obj.c.id == row.id, obj.c.seq == row.seq).values(**values))


def write_intents(tx: Tx, rows: Sequence[Any]) -> None:
    """Before a call: which version is about to be sent."""
    for row in rows:
        tx.execute(obj.update().where(obj.c.id == row.id).values(intent=row.seq))


def done(tx: Tx, row: Any, *, remote_id: str | None, version: str | None, now: datetime) -> None:
    """This version stands on the target."""
    absent = row.state == "absent"
    tx.execute(
        obj.update()
        .where(obj.c.id == row.id)
        .values(
            done_seq=row.seq,
            done_state=row.state,
            done_body=None if absent else row.body,
            done_at=now,
            remote_id=None if absent else remote_id,
            remote_version=None if absent else version,
            intent=None,
            attempts=0,
            due=None,
            reason=None,
            ownership=row.ownership or "created",
            status=sa.case((obj.c.seq == row.seq, "done"), else_="waiting"),
        )
    )


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
    ).group_by(obj.c.target, obj.c.instance, obj.c.kind, obj.c.status)
    return list(tx.execute(query))


def troubled(tx: Tx) -> list[Any]:
    """Objects that a target refused for good, or that wait with a reason."""
    query = sa.select(obj).where(
        sa.or_(
            obj.c.status == "rejected",
            sa.and_(obj.c.status == "waiting", obj.c.reason.is_not(None)),
        )
    )
    return list(tx.execute(query.order_by(obj.c.id)))


def refused(tx: Tx, statuses: Collection[str] = ("rejected",)) -> list[Any]:
    """Objects that a target refused for good: rejected, or dropped by an administrator as well."""
    return list(tx.execute(sa.select(obj).where(obj.c.status.in_(statuses)).order_by(obj.c.id)))


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


def send_again(tx: Tx, object_id: int, now: datetime, **same: Any) -> bool:
    """The object is ahead again as it is desired now; False when a column differs from `same`."""
    where = [obj.c.id == object_id, *(obj.c[name] == value for name, value in same.items())]
    return bool(tx.execute(obj.update().where(*where).values(**_ahead(now))).rowcount)


def ledger_kinds(tx: Tx, target_id: str) -> list[str]:
    """Kinds of which something was sent to a target."""
    query = sa.select(obj.c.kind).where(obj.c.target == target_id, obj.c.done_seq > 0).distinct()
    return list(tx.execute(query.order_by(obj.c.kind)).scalars())


def ledger(tx: Tx, target_id: str, kind: str, keys: Collection[str] | None = None) -> list[Any]:
    """Every object of a kind on a target, or those of these keys, in order of id."""
    query = sa.select(obj).where(obj.c.target == target_id, obj.c.kind == kind).order_by(obj.c.id)
    if keys is None:
        return list(tx.execute(query))
    return [row for part in chunks(keys) for row in tx.execute(query.where(obj.c.key.in_(part)))]


def forget_target(tx: Tx, target_id: str) -> None:
    """A new address is a new ledger: nothing was published there yet."""
    tx.execute(
        obj.update()
        .where(obj.c.target == target_id)
        .values(
            done_seq=0,
            done_state=None,
            done_body=None,
            remote_id=None,
            remote_version=None,
            intent=None,
            ownership=None,
            status="waiting",
            due=None,
            attempts=0,
        )
    )


def standing(tx: Tx, target_id: str) -> list[dict[str, Any]]:
    """What stands on the target, or may stand there, as JSON values."""
    there = sa.or_(obj.c.done_state == "present", obj.c.intent.is_not(None))
    rows = tx.execute(sa.select(obj).where(obj.c.target == target_id, there).order_by(obj.c.id))
    wanted = ("id", "seq", "done_state", "done_body", "remote_id", "remote_version")
    return [{name: getattr(row, name) for name in wanted} for row in rows]


def remember(tx: Tx, ledger: Sequence[Mapping[str, Any]]) -> None:
    """What stood there when the target was left: all of it is to be sent or taken away anew."""
    for line in ledger:
        values = {name: value for name, value in line.items() if name not in {"id", "seq"}}
        tx.execute(obj.update().where(obj.c.id == line["id"]).values(intent=line["seq"], **values))


def targets(tx: Tx) -> dict[str, Any]:
    """Every target that the store knows, by id."""
    return {row.id: row for row in tx.execute(sa.select(target))}


def put_target(tx: Tx, target_id: str, **values: Any) -> None:
    """Make or change a target's row."""
    where = target.c.id == target_id
    if tx.execute(sa.select(target.c.id).where(where)).first() is None:
        tx.execute(
            target.insert().values({"id": target_id, "address": "", "health": "unknown"} | values)
        )
    else:
        tx.execute(target.update().where(where).values(**values))
