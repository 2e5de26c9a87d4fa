"""What objects require of others on the same target: they wait, unattempted, until it stands.

Absence goes in the reverse order: an object stays until nothing that requires it stands there.
"""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from hub.events.objects import Kind
from hub.store import bulk
from hub.store.database import Tx
from hub.store.direct import Statement
from hub.store.subjects import chunks
from hub.store.tables import instance, obj, requirement

_SAID = 500  # objects that are told at once why they wait


def fixed(word: str) -> sa.ColumnElement[str]:
    """A word of ours in the text of a statement, not beside it.

    Where an index holds for one word only, SQLite prepares the statement anew each time that the
    word is bound, which takes twenty times as long as asking (0.2 ms, 0.01 ms); and SQLAlchemy
    writes a list that is bound into the text each time.
    """
    return sa.literal_column(f"'{word}'", sa.Text)


def put(tx: Tx, wanted: Sequence[tuple[int, Any]], *, anew: Collection[int]) -> None:
    """Note what these objects require, by object id and `Desired`; `anew` forget what they did."""
    for part in chunks(anew):
        tx.execute(requirement.delete().where(requirement.c.object.in_(part)))
    rows = [
        {"object": object_id, "kind": str(kind), "key": key, "target": one.target}
        for object_id, one in wanted
        for kind, key in dict.fromkeys(one.requires)
    ]
    bulk.insert(tx, requirement, rows)


def met() -> sa.ColumnElement[bool]:
    """Whether an object's turn has come."""
    there = sa.and_(obj.c.state == "present", ~sa.exists(_missing()))
    away = sa.and_(obj.c.state == "absent", ~sa.exists(_holding()))
    return sa.or_(there, away)


def _missing() -> sa.Select[Any]:
    """What an object requires and does not stand there to stay."""
    other = obj.alias("required")
    stands = sa.select(other.c.id).where(
        other.c.target == requirement.c.target,
        other.c.kind == requirement.c.kind,
        other.c.key == requirement.c.key,
        other.c.state == "present",
        other.c.done_state == "present",
    )
    mine = requirement.c.object == obj.c.id
    return (
        sa.select(requirement.c.kind, requirement.c.key)
        .where(mine, ~sa.exists(stands.correlate(requirement)))
        .correlate(obj)
    )


_DOUBTFUL = [fixed("waiting"), fixed("uncertain")]


def _holding() -> sa.Select[Any]:
    """What requires an object and stands there, or may."""
    other = obj.alias("holding")
    doubt = sa.and_(other.c.intent.is_not(None), other.c.status.in_(_DOUBTFUL))
    return (
        sa.select(other.c.kind, other.c.key)
        .join_from(requirement, other, other.c.id == requirement.c.object)
        .where(
            requirement.c.target == obj.c.target,
            requirement.c.kind == obj.c.kind,
            requirement.c.key == obj.c.key,
            sa.or_(other.c.done_state == "present", doubt),
        )
        .correlate(obj)
    )


_ANY = Statement(
    sa.select(requirement.c.object)
    .where(requirement.c.target == sa.bindparam("b_target"))
    .limit(sa.literal_column("1"))
)


def remote_ids(
    tx: Tx, target_id: str, ids: Collection[int]
) -> dict[int, dict[tuple[Kind, str], str]]:
    """What these objects require, by object id, kind and key: how the target calls it."""
    found: dict[int, dict[tuple[Kind, str], str]] = {}
    if not ids or not _is_used(tx, target_id):
        return found
    other = obj.alias("required")
    same = sa.and_(
        other.c.target == requirement.c.target,
        other.c.kind == requirement.c.kind,
        other.c.key == requirement.c.key,
    )
    query = sa.select(
        requirement.c.object, requirement.c.kind, requirement.c.key, other.c.remote_id
    ).join_from(requirement, other, same)
    for part in chunks(ids):
        where = sa.and_(requirement.c.object.in_(part), other.c.remote_id.is_not(None))
        for row in tx.execute(query.where(where)):
            found.setdefault(row.object, {})[Kind(row.kind), row.key] = row.remote_id
    return found


def _is_used(tx: Tx, target_id: str) -> bool:
    return _ANY.first(tx, {"b_target": target_id}) is not None


def say_waiting(tx: Tx, target_id: str) -> None:
    """Give objects that wait for others the reason, for `hub status` and `hub explain`.

    Those of an instance that sends nothing wait for that alone.
    """
    if not _is_used(tx, target_id):
        return
    ahead = (obj.c.target == target_id, obj.c.status == "waiting", obj.c.seq > obj.c.done_seq)
    modes = sa.select(instance.c.id).where(instance.c.mode.in_(("live", "pilot")))
    sends = sa.or_(obj.c.withdrawn, obj.c.instance.in_(modes))
    query = sa.select(obj.c.id, obj.c.state, obj.c.reason).where(*ahead, sends, ~met())
    for row in tx.execute(query.order_by(obj.c.id).limit(_SAID)).all():
        reason = _reason(tx, row)
        if reason != row.reason:
            tx.execute(obj.update().where(obj.c.id == row.id).values(reason=reason))


def _reason(tx: Tx, row: Any) -> str | None:
    found = tx.execute(_needed(row.id) if row.state == "present" else _needing(row.id)).first()
    if found is None:
        return "It waits for another object."
    if row.state == "present" and found.sought:
        return None  # an account of others is looked for: nothing is wrong, and it is counted
    if row.state == "absent":
        return f"It stays until {found.kind} {found.key}, which requires it, is gone."
    refused = " That one was refused: see `hub dead-letters list`." if found.refused else ""
    return f"It waits until {found.kind} {found.key}, which it requires, stands there.{refused}"


def _needed(object_id: int) -> sa.Select[Any]:
    other = obj.alias("required")
    same = sa.and_(
        other.c.target == requirement.c.target,
        other.c.kind == requirement.c.kind,
        other.c.key == requirement.c.key,
    )
    stands = sa.and_(other.c.state == "present", other.c.done_state == "present")
    refused = (other.c.status == "rejected").label("refused")
    sought = (other.c.status == "sought").label("sought")
    return (
        sa.select(requirement.c.kind, requirement.c.key, refused, sought)
        .outerjoin_from(requirement, other, same)
        .where(requirement.c.object == object_id, sa.func.coalesce(~stands, sa.true()))
        .order_by(requirement.c.kind, requirement.c.key)
    )


def _needing(object_id: int) -> sa.Select[Any]:
    other, mine = obj.alias("holding"), obj.alias("mine")
    same = sa.and_(
        mine.c.target == requirement.c.target,
        mine.c.kind == requirement.c.kind,
        mine.c.key == requirement.c.key,
    )
    return (
        sa.select(other.c.kind, other.c.key)
        .join_from(requirement, other, other.c.id == requirement.c.object)
        .join(mine, same)
        .where(mine.c.id == object_id, other.c.done_state == "present")
        .order_by(other.c.id)
    )
