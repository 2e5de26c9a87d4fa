"""Queries on subjects, their events and references."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.events.base import ROUTED, JsonText
from hub.store import bulk, lease
from hub.store.store import Tx
from hub.store.tables import (
    cause,
    dirty,
    event,
    json_in,
    moment_in,
    obj,
    ref,
    run,
    subject,
    unreadable,
)

CHUNK = 500  # ids in one IN list, well below every database's limit


def chunks(values: Collection[Any]) -> Iterator[list[Any]]:
    """The values in lists of at most CHUNK."""
    listed = list(values)
    for start in range(0, len(listed), CHUNK):
        yield listed[start : start + CHUNK]


def states(tx: Tx, instance_id: str, families: Sequence[str], key: str) -> Sequence[Any]:
    """What the subjects of this key are like, of families in which it is not removed."""
    same = {"instance": instance_id, "key": key}
    rows = bulk.where_in(tx, subject, "family", families, ("state", "removed_at"), **same)
    return [json_in(row.state) for row in rows if row.removed_at is None]


@dataclass(frozen=True, slots=True)
class Known:
    """What intake needs to know of a stored subject."""

    id: int
    stream: str
    fingerprint: str
    revision: int | None
    seq: int
    container: str
    at: datetime | None
    removed_at: datetime | None
    pending: JsonText | None
    pending_fingerprint: str | None
    episode: int
    reopened: int
    began_at: datetime | None
    ended_at: datetime | None
    look_again: datetime | None
    quiet: bool  # seen by the last sweep, nothing waits and nothing is in doubt


_KNOWN = (
    "id", "stream", "fingerprint", "revision", "seq", "container", "at", "removed_at", "pending",
    "pending_fingerprint", "episode", "reopened", "began_at", "ended_at", "look_again",
)  # fmt: skip


def known(
    tx: Tx, instance_id: str, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Known]:
    """Stored subjects by (family, key), with what intake needs."""
    found: dict[tuple[str, str], Known] = {}
    columns = ("key", "missing", "staged", "unverified_at", *_KNOWN)
    for family in {family for family, _ in keys}:
        asked = [key for other, key in keys if other == family]
        same = {"instance": instance_id, "family": family}
        for row in bulk.where_in(tx, subject, "key", asked, columns, **same):
            found[family, row[0]] = _known(row)
    return found


def _known(row: Any) -> Known:
    quiet = not row[1] and row[2] is None and row[3] is None and row[13] is None
    (id_, name, mark, revision, seq, container, at, removed, pending, pending_mark) = row[4:14]
    (episode, reopened, began, ended, look_again) = row[14:]
    return Known(
        id_,
        name,
        mark,
        revision,
        seq,
        container,
        moment_in(at),
        moment_in(removed),
        None if pending is None else JsonText(pending),
        pending_mark,
        episode,
        reopened,
        moment_in(began),
        moment_in(ended),
        moment_in(look_again),
        quiet,
    )


def by_ids(tx: Tx, ids: Collection[int]) -> list[Any]:
    """Stored subjects by id."""
    rows: list[Any] = []
    for part in chunks(ids):
        query = sa.select(subject).where(subject.c.id.in_(part)).order_by(subject.c.id)
        rows += tx.execute(query).all()
    return rows


def live(tx: Tx, instance_id: str, families: Collection[str]) -> list[Any]:
    """Subjects of an instance that are not removed."""
    return list(
        tx.execute(
            sa.select(subject)
            .where(
                subject.c.instance == instance_id,
                subject.c.family.in_(families),
                subject.c.removed_at.is_(None),
            )
            .order_by(subject.c.id)
        )
    )


def insert(tx: Tx, rows: Sequence[dict[str, Any]]) -> dict[tuple[str, str], int]:
    """Store new subjects of one instance; their ids by (family, key)."""
    made = bulk.insert(tx, subject, rows, returning=("family", "key", "id"))
    return {(row[0], row[1]): row[2] for row in made}


def update(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Change subjects; each row has `id_` and the same columns as the others."""
    if not rows:
        return
    columns: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0] if name != "id_"}
    statement = subject.update().where(subject.c.id == sa.bindparam("id_")).values(columns)
    tx.execute(statement, list(rows))


def set_where(tx: Tx, ids: Collection[int], **values: Any) -> None:
    """The same values for many subjects."""
    for part in chunks(ids):
        tx.execute(subject.update().where(subject.c.id.in_(part)).values(values))


def see_keys(tx: Tx, instance_id: str, keys: Collection[str], sweep: int) -> None:
    """These keys were seen by the sweep, though their rows could not be read."""
    for part in chunks(keys):
        same = sa.and_(subject.c.instance == instance_id, subject.c.key.in_(part))
        tx.execute(subject.update().where(same).values(sweep=sweep, missing=0, staged=None))


def put_refs(
    tx: Tx, rows: Mapping[int, Sequence[dict[str, str]]], known_ids: Collection[int]
) -> None:
    """Replace the references of these subjects; only the known ones can have had others."""
    for part in chunks(known_ids):
        tx.execute(ref.delete().where(ref.c.subject.in_(part)))
    values = [{"subject": key} | row for key, listed in rows.items() for row in listed]
    bulk.insert(tx, ref, values)


def add_events(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Store accepted changes."""
    bulk.insert(tx, event, rows)


def events_of(tx: Tx, subject_id: int, limit: int = 20) -> Sequence[Any]:
    """The newest events of a subject, newest first."""
    query = sa.select(event).where(event.c.subject == subject_id)
    return tx.execute(query.order_by(event.c.seq.desc()).limit(limit)).all()


def count_events(tx: Tx) -> int:
    """How many changes were accepted in all."""
    return int(tx.execute(sa.select(sa.func.count()).select_from(event)).scalar_one())


def mark_dirty(tx: Tx, ids: Collection[int]) -> None:
    """These subjects are to be projected."""
    for part in chunks(set(ids)):
        known = {
            row.subject for row in tx.execute(sa.select(dirty).where(dirty.c.subject.in_(part)))
        }
        fresh = [{"subject": one} for one in part if one not in known]
        if fresh:
            tx.execute(dirty.insert(), fresh)


def take_dirty(tx: Tx, now: datetime, limit: int = 2000) -> list[Any]:
    """Subjects to project now: changed ones, and those that time has caught up with.

    Where several processes share the store: those of the instances that this one owns.
    """
    late = sa.select(subject.c.id).where(subject.c.look_again <= now)
    ids = sa.union(sa.select(dirty.c.subject.label("id")), late).subquery()
    some = sa.select(ids.c.id).order_by(ids.c.id).limit(limit)
    if lease.process_of(tx) is not None:
        ours = subject.c.id == ids.c.id
        some = some.join(subject, ours).where(lease.mine(tx, subject.c.instance))
    query = sa.select(subject).where(subject.c.id.in_(some)).order_by(subject.c.id)
    rows = list(tx.execute(query))
    for part in chunks([row.id for row in rows]):
        tx.execute(dirty.delete().where(dirty.c.subject.in_(part)))
    return rows


def clean(tx: Tx, ids: Collection[int]) -> None:
    """These subjects need not be projected any more."""
    for part in chunks(ids):
        tx.execute(dirty.delete().where(dirty.c.subject.in_(part)))


def next_look(tx: Tx) -> datetime | None:
    """When time alone changes something next."""
    query = sa.select(sa.func.min(subject.c.look_again))
    moment: datetime | None = tx.execute(query.where(lease.mine(tx, subject.c.instance))).scalar()
    return moment


def shown(tx: Tx, ids: Collection[int]) -> set[int]:
    """Those of the subjects that have an object which should be present."""
    found: set[int] = set()
    for part in chunks(ids):
        query = (
            sa.select(cause.c.subject)
            .join(obj, obj.c.id == cause.c.object)
            .where(cause.c.subject.in_(part), obj.c.state == "present")
        )
        found |= set(tx.execute(query).scalars())
    return found


def note_unreadable(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Keep rows that could not be understood; the same one again keeps since when it is so."""
    for row in rows:
        same = sa.and_(
            *(unreadable.c[name].is_not_distinct_from(row[name]) for name in _SAME_UNREADABLE)
        )
        moved = tx.execute(unreadable.update().where(same).values(run=row["run"])).rowcount
        if not moved:
            tx.execute(unreadable.insert().values(row))


_SAME_UNREADABLE = ("instance", "stream", "key", "container", "reason")


def clear_unreadable(tx: Tx, instance_id: str, name: str, before_run: int) -> None:
    """A complete sweep: what it could read again is no dead letter any more."""
    tx.execute(
        unreadable.delete().where(
            unreadable.c.instance == instance_id,
            unreadable.c.stream == name,
            unreadable.c.run < before_run,
        )
    )


def all_unreadable(tx: Tx) -> Sequence[Any]:
    """Every row that could not be understood and still can't."""
    return tx.execute(sa.select(unreadable).order_by(unreadable.c.id)).all()


def families(tx: Tx, instance_id: str) -> dict[str, set[str]]:
    """Per stream of an instance the families that it ever brought."""
    query = sa.select(subject.c.stream, subject.c.family).where(subject.c.instance == instance_id)
    found: dict[str, set[str]] = {}
    for row in tx.execute(query.distinct()):
        found.setdefault(row.stream, set()).add(row.family)
    return found


def unmatched(tx: Tx) -> dict[str, int]:
    """Per instance how many subjects that go on have no object at all: no route takes them.

    Of families that a route can take.
    """
    caused = sa.select(cause.c.subject).where(cause.c.subject == subject.c.id).exists()
    query = (
        sa.select(subject.c.instance, sa.func.count().label("number"))
        .where(
            subject.c.family.in_(sorted(ROUTED)),
            subject.c.removed_at.is_(None),
            subject.c.ended_at.is_(None),
            subject.c.look_again.is_(None),  # else its time is still to come
            ~caused,
        )
        .group_by(subject.c.instance)
    )
    return {row.instance: row.number for row in tx.execute(query)}


def open_states(tx: Tx, instance_id: str, limit: int = 2000) -> list[dict[str, Any]]:
    """States of subjects that go on, the newest first."""
    query = sa.select(subject.c.state).where(
        subject.c.instance == instance_id,
        subject.c.removed_at.is_(None),
        subject.c.ended_at.is_(None),
        subject.c.state.is_not(None),
    )
    return list(tx.execute(query.order_by(subject.c.id.desc()).limit(limit)).scalars())


def unreadable_by_ids(tx: Tx, ids: Collection[int]) -> list[Any]:
    """Rows that could not be understood, with the run that met them last; by id."""
    rows: list[Any] = []
    for part in chunks(ids):
        query = (
            sa.select(unreadable, run.c.started, run.c.reading, run.c.traceparent)
            .outerjoin(run, run.c.id == unreadable.c.run)
            .where(unreadable.c.id.in_(part))
        )
        rows += tx.execute(query.order_by(unreadable.c.id)).all()
    return rows


def forget_unreadable(tx: Tx, ids: Collection[int]) -> None:
    """Until a reading meets such a row again."""
    for part in chunks(ids):
        tx.execute(unreadable.delete().where(unreadable.c.id.in_(part)))


def newest_events(
    tx: Tx,
    *,
    instance_id: str | None = None,
    key: str | None = None,
    family: str | None = None,
    since: datetime | None = None,
    limit: int = 50,
) -> Sequence[Any]:
    """Accepted changes with their subject's instance, family and key, newest first."""
    query = sa.select(event, subject.c.instance, subject.c.family, subject.c.key).join(
        subject, subject.c.id == event.c.subject
    )
    asked = (
        (subject.c.instance, instance_id),
        (subject.c.key, key),
        (subject.c.family, family),
    )
    for column, value in asked:
        query = query if value is None else query.where(column == value)
    if since is not None:
        query = query.where(event.c.at >= since)
    return tx.execute(query.order_by(event.c.seq.desc()).limit(limit)).all()


def counts(tx: Tx) -> dict[str, dict[str, int]]:
    """Per instance: live, staged, unverified, pending."""
    query = (
        sa.select(
            subject.c.instance,
            sa.func.count().label("live"),
            sa.func.count(subject.c.staged).label("staged"),
            sa.func.count(subject.c.unverified_at).label("unverified"),
            sa.func.count(subject.c.pending_fingerprint).label("pending"),
        )
        .where(subject.c.removed_at.is_(None))
        .group_by(subject.c.instance)
    )
    return {
        row.instance: {name: getattr(row, name) for name in row._fields if name != "instance"}
        for row in tx.execute(query)
    }
