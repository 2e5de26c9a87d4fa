"""The outbox: objects whose desired version is ahead, what is due of them, and what became of it.

There are no copies in it. Everything is done in bulk, because delivery one by one is measured by it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from hub.store import bulk
from hub.store.direct import Statement
from hub.store.ledger import SENDING
from hub.store.requirements import fixed, met
from hub.store.store import Tx
from hub.store.subjects import chunks
from hub.store.tables import Moment, instance, obj


class Due(NamedTuple):
    """An object to deliver: the columns that delivery needs, and no more."""

    id: int
    kind: str
    key: str
    lane: str
    state: str
    seq: int
    hash: str
    done_seq: int
    done_state: str | None
    remote_id: str | None
    remote_version: str | None
    attempts: int
    intent: int | None
    body: Any


_COLUMNS = sa.select(*(obj.c[name] for name in Due._fields))


class Sent(NamedTuple):
    """A version that stands on the target: the row as it was sent, and what the target said."""

    row: Any
    remote_id: str | None
    version: str | None


class Later(NamedTuple):
    """A version that waits for its time.

    Attributes:
        known: nothing of it stands there, so that its intent is void.
    """

    row: Any
    due: datetime
    reason: str
    known: bool = False


_WAITING = fixed("waiting")
_SENDS = [fixed(mode) for mode in SENDING]
_TARGET: Any = sa.bindparam("b_target", type_=sa.Text)
_NOW: Any = sa.bindparam("b_now", type_=Moment)


def _ahead(target_id: str) -> sa.ColumnElement[bool]:
    """Waiting objects of a target, also those of instances that may not send now."""
    return sa.and_(obj.c.target == target_id, obj.c.status == _WAITING, obj.c.seq > obj.c.done_seq)


def _sendable() -> sa.ColumnElement[bool]:
    """Objects of instances that send and are not paused; what was withdrawn goes in any mode."""
    sends = sa.select(instance.c.id).where(instance.c.mode.in_(_SENDS), ~instance.c.paused)
    return sa.or_(obj.c.withdrawn, obj.c.instance.in_(sends))


def due(
    tx: Tx, target_id: str, now: datetime, *, state: str, after: int = 0, limit: int = 200
) -> list[Due]:
    """Objects to deliver now, in order of id, from behind that of `after`."""
    given = {"b_target": target_id, "b_now": now, "b_state": state}
    return _read(tx, _due(tx.dialect.name), given | {"b_after": after, "b_limit": limit})


@cache  # put together once: that costs ten times as much as asking
def _due(dialect: str) -> Statement:
    place = (obj.c.state == sa.bindparam("b_state"), obj.c.id > sa.bindparam("b_after"))
    query = _COLUMNS.where(_ahead(_TARGET), *place, _is_due(_NOW), _sendable(), met())
    return Statement(_as_one(query.order_by(obj.c.id).limit(sa.bindparam("b_limit")), dialect))


def all_due(tx: Tx, target_id: str, now: datetime, *, limit: int) -> list[Due]:
    """Objects to deliver now; what has to go away first, then in order of id."""
    given = {"b_target": target_id, "b_now": now, "b_limit": limit}
    rows = _read(tx, _all_due(tx.dialect.name), given)
    return sorted(rows, key=lambda row: row.state != "absent")


@cache
def _all_due(dialect: str) -> Statement:
    query = _COLUMNS.where(_ahead(_TARGET), _is_due(_NOW), _sendable(), met())
    some = query.order_by(obj.c.state, obj.c.id).limit(sa.bindparam("b_limit"))
    return Statement(_as_one(some, dialect))


def any_due(tx: Tx, target_id: str, now: datetime) -> bool:
    """Whether there is anything to deliver now."""
    return tx.execute(_any_due(), {"b_target": target_id, "b_now": now}).first() is not None


@cache
def _any_due() -> sa.Select[Any]:
    return sa.select(obj.c.id).where(_ahead(_TARGET), _is_due(_NOW), _sendable(), met()).limit(1)


def probe(tx: Tx, target_id: str, now: datetime) -> list[Due]:
    """The one object to try a target with that is down: the one that failed least."""
    query = _COLUMNS.where(_ahead(target_id), _is_due(now), _sendable(), met())
    one = query.order_by(obj.c.attempts, obj.c.id).limit(1)
    return _read(tx, Statement(_as_one(one, tx.dialect.name)), {})


def _is_due(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(obj.c.due.is_(None), obj.c.due <= now)


def _as_one(query: sa.Select[Any], dialect: str) -> sa.Select[Any]:
    """All rows as one value.

    Row by row SQLite hands the interpreter to the busy event loop and waits to get it back.
    """
    rows = query.subquery()
    columns = [rows.c[name] for name in Due._fields[:-1]]
    body = sa.type_coerce(rows.c.body, sa.Text)
    value: sa.ColumnElement[Any]
    if dialect == "sqlite":
        value = sa.func.json_group_array(sa.func.json_array(*columns, sa.func.json(body)))
    else:
        made = sa.func.json_build_array(*columns, sa.cast(body, sa.JSON))
        value = sa.func.json_agg(made)
    return sa.select(sa.cast(value, sa.Text))


def _read(tx: Tx, query: Statement, given: Mapping[str, Any]) -> list[Due]:
    (text,) = query.first(tx, given)
    return sorted(map(Due._make, orjson.loads(text))) if text else []


def next_due(tx: Tx, target_id: str) -> datetime | None:
    """When a waiting object is due next; None when none waits for its time."""
    moment: datetime | None = tx.execute(_next_due(), {"b_target": target_id}).scalar()
    return moment


@cache
def _next_due() -> sa.Select[Any]:
    return sa.select(sa.func.min(obj.c.due)).where(_ahead(_TARGET), obj.c.due.is_not(None))


def next_retry(tx: Tx, target_id: str) -> datetime | None:
    """When the first object is due that failed before and may be sent."""
    where = (_ahead(target_id), obj.c.due.is_not(None), obj.c.attempts > 0, _sendable())
    moment: datetime | None = tx.execute(sa.select(sa.func.min(obj.c.due)).where(*where)).scalar()
    return moment


def count_retries(tx: Tx, target_id: str) -> int:
    """How many objects failed before and wait for their next try."""
    where = (_ahead(target_id), obj.c.attempts > 0, _sendable())
    return int(tx.execute(sa.select(sa.func.count()).where(*where)).scalar_one())


def count_ahead(tx: Tx, target_id: str) -> int:
    """How many objects wait to be delivered; freshness is no content, and not counted."""
    return int(tx.execute(_count_ahead(), {"b_target": target_id}).scalar_one())


@cache
def _count_ahead() -> sa.Select[Any]:
    return sa.select(sa.func.count()).where(_ahead(_TARGET), obj.c.kind != "freshness")


def done_bodies(tx: Tx, ids: Collection[int]) -> dict[int, Any]:
    """What stands on the target of these objects."""
    query = sa.select(obj.c.id, obj.c.done_body)
    found = [row for part in chunks(ids) for row in tx.execute(query.where(obj.c.id.in_(part)))]
    return {row.id: row.done_body for row in found}


# --- before a call ------------------------------------------------------------------------------


def intend(tx: Tx, rows: Sequence[Any]) -> None:
    """Before a call: these versions are about to be sent."""
    head, tail = "UPDATE object SET intent = object.seq", "WHERE object.id = v.column1"
    bulk.update(tx, head, tail, [(row.id,) for row in rows])


def not_sent(tx: Tx, rows: Sequence[Any]) -> None:
    """Their calls were never made, or surely did nothing: as if it had not been intended."""
    for part in chunks([row.id for row in rows if row.intent is None]):
        tx.execute(obj.update().where(obj.c.id.in_(part)).values(intent=None))


# --- after it -----------------------------------------------------------------------------------

_THIS = sa.and_(obj.c.id == sa.bindparam("b_id"), obj.c.seq == sa.bindparam("b_seq"))

_DONE = """UPDATE object SET done_seq = object.seq, done_state = object.state,
done_body = CASE WHEN object.state = 'absent' THEN NULL ELSE object.body END,
done_at = v.column3, remote_id = v.column4, remote_version = v.column5,
intent = NULL, attempts = 0, due = NULL, reason = NULL, status = 'done',
ownership = COALESCE(object.ownership, 'created')"""


def done(tx: Tx, sent: Sequence[Sent], now: datetime) -> None:
    """These versions stand on the target, or are gone from it."""
    moment = Moment().process_bind_param(now, tx.dialect)
    rows = [_values(one, moment) for one in sent]
    tail = "WHERE object.id = v.column1 AND object.seq = v.column2"
    if bulk.update(tx, _DONE, tail, rows) != len(sent):
        _overtaken(tx, sent, now)


def _values(one: Sent, moment: str | None) -> tuple[Any, ...]:
    row, remote_id, version = one
    there = row.state == "present"
    return row.id, row.seq, moment, remote_id if there else None, version if there else None


def _overtaken(tx: Tx, sent: Sequence[Sent], now: datetime) -> None:
    """Newer versions were made meanwhile: they are ahead of what stands there."""
    by_id = {one.row.id: one for one in sent}
    query = sa.select(obj.c.id, obj.c.seq)
    for part in chunks(by_id):
        for found in tx.execute(query.where(obj.c.id.in_(part))).all():
            if found.seq != by_id[found.id].row.seq:
                _stands(tx, by_id[found.id], now)


def _stands(tx: Tx, one: Sent, now: datetime) -> None:
    there = one.row.state == "present"
    values = {
        "done_seq": one.row.seq,
        "done_state": one.row.state,
        "done_body": one.row.body if there else None,
        "done_at": now,
        "remote_id": one.remote_id if there else None,
        "remote_version": one.version if there else None,
        "intent": None,
        "attempts": 0,
        "ownership": sa.func.coalesce(obj.c.ownership, "created"),
    }
    tx.execute(obj.update().where(obj.c.id == one.row.id).values(values))


_LATER = (
    obj.update()
    .where(_THIS)
    .values(
        due=sa.bindparam("b_due"),
        reason=sa.bindparam("b_reason"),
        attempts=obj.c.attempts + sa.bindparam("b_tries"),
    )
)


def later(tx: Tx, waiting: Sequence[Later], *, tries: int = 1) -> None:
    """These versions are tried again at their time; a newer one has its own chance.

    Args:
        tries: how many tries that was; 0: none, it waits for something else.
    """
    if waiting:
        values = [
            {**_names(one.row), "b_due": one.due, "b_reason": one.reason, "b_tries": tries}
            for one in waiting
        ]
        tx.execute(_LATER, values)
    not_there(tx, [one.row for one in waiting if one.known])


def not_there(tx: Tx, rows: Sequence[Any]) -> None:
    """Nothing of these versions stands there, as the target said itself."""
    for part in chunks([row.id for row in rows]):
        tx.execute(obj.update().where(obj.c.id.in_(part)).values(intent=None))


_SET_ASIDE = (
    obj.update()
    .where(_THIS)
    .values(status=sa.bindparam("b_status"), reason=sa.bindparam("b_reason"), due=None)
)


def set_aside(tx: Tx, status: str, reasons: Sequence[tuple[Any, str]]) -> None:
    """These versions are rejected, or uncertain; a newer one has its own chance."""
    if reasons:
        values = [
            {**_names(row), "b_status": status, "b_reason": reason} for row, reason in reasons
        ]
        tx.execute(_SET_ASIDE, values)


def take_as_done(tx: Tx, ids: Collection[int], now: datetime) -> None:
    """A person looked: what is uncertain stands there, or is gone, as it is desired."""
    values = {
        "done_seq": obj.c.seq,
        "done_state": obj.c.state,
        "done_body": sa.case((obj.c.state == "absent", sa.null()), else_=obj.c.body),
        "done_at": now,
        "intent": None,
        "attempts": 0,
        "reason": None,
        "ownership": sa.func.coalesce(obj.c.ownership, "created"),
        "status": "done",
    }
    for part in chunks(ids):
        where = sa.and_(obj.c.id.in_(part), obj.c.status == "uncertain")
        tx.execute(obj.update().where(where).values(values))


def _names(row: Any) -> Mapping[str, int]:
    return {"b_id": row.id, "b_seq": row.seq}


def taken_down(tx: Tx, row: Any) -> None:
    """It no longer stands on the target, though its newest version is still to come."""
    tx.execute(
        obj.update()
        .where(obj.c.id == row.id)
        .values(done_state="absent", done_body=None, remote_id=None, remote_version=None)
    )
