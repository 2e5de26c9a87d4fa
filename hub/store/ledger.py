"""What was published where: what waits, what was sent, what stands; and the targets themselves."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.store.desire import OURS, ahead
from hub.store.direct import Statement
from hub.store.store import Tx
from hub.store.subjects import chunks
from hub.store.tables import obj, target

SENDING = ("live", "pilot")  # modes; what a pilot withholds is absent already

_TARGETS = Statement(sa.select(target))  # asked all the time, so it is put together once


def set_ids(tx: Tx, ids: Collection[int], **values: Any) -> None:
    """The same values for many objects."""
    for part in chunks(ids):
        tx.execute(obj.update().where(obj.c.id.in_(part)).values(**values))


def send_again(tx: Tx, object_id: int, now: datetime, **same: Any) -> bool:
    """The object is ahead again as it is desired now; False when a column differs from `same`."""
    where = [obj.c.id == object_id, OURS, *(obj.c[name] == value for name, value in same.items())]
    return bool(tx.execute(obj.update().where(*where).values(**ahead(now))).rowcount)


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
        .where(obj.c.target == target_id, OURS)
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
    forget_links(tx, target_id)


def forget_links(tx: Tx, target_id: str) -> None:
    """A new address: the accounts of others are looked for again."""
    mine = sa.and_(obj.c.target == target_id, ~OURS)
    again = {"status": "sought", "done_state": None, "remote_id": None, "due": None}
    tx.execute(obj.update().where(mine).values(again))


def standing(tx: Tx, target_id: str) -> list[dict[str, Any]]:
    """What stands on the target, or may stand there, as JSON values."""
    there = sa.and_(OURS, sa.or_(obj.c.done_state == "present", obj.c.intent.is_not(None)))
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
    return {row.id: row for row in _TARGETS.all(tx)}


def put_target(tx: Tx, target_id: str, **values: Any) -> None:
    """Make or change a target's row."""
    where = target.c.id == target_id
    if tx.execute(sa.select(target.c.id).where(where)).first() is None:
        tx.execute(
            target.insert().values({"id": target_id, "address": "", "health": "unknown"} | values)
        )
    else:
        tx.execute(target.update().where(where).values(**values))
