"""Queries on accounts of others on a target: referenced, looked for, never written.

Such an object is never ahead of what is done (`seq` and `done_seq` are 0), so that nothing can send it;
`due` is when it is looked for next.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hub.events.base import digest
from hub.store import bulk
from hub.store.desire import LINKED
from hub.store.store import Tx
from hub.store.subjects import chunks
from hub.store.tables import json_out, obj, requirement

SOUGHT = "sought"  # the status while none is found; afterwards it is `linked`
WAITS = "It waits for an account that the intranet makes itself, and that is looked for."
_OTHERS = obj.c.ownership == LINKED


def seek(tx: Tx, target_id: str, people: Sequence[tuple[str, str, Any]], now: datetime) -> None:
    """Look for the accounts of these persons from now on, by key, instance and body."""
    rows = [
        {
            "target": target_id,
            "kind": "person",
            "key": key,
            "instance": instance,
            "lane": key,
            "tile": "",
            "audience": "",
            "body": body,
            "hash": digest(json_out(body) or ""),
            "state": "present",
            "seq": 0,
            "done_seq": 0,
            "status": SOUGHT,
            "ownership": LINKED,
            "changed_at": now,
        }
        for key, instance, body in people
    ]
    bulk.insert(tx, obj, rows)


def describe(tx: Tx, object_id: int, instance_id: str, body: Any) -> None:
    """By what it is looked for, and whose mode decides about what requires it."""
    values = {"instance": instance_id, "body": body, "hash": digest(json_out(body) or "")}
    tx.execute(obj.update().where(obj.c.id == object_id, _OTHERS).values(values))


def forget(tx: Tx, ids: Collection[int]) -> None:
    """These references are wanted no more; nothing there is touched."""
    for part in chunks(ids):
        tx.execute(obj.delete().where(obj.c.id.in_(part), _OTHERS))


def leave_alone(tx: Tx, object_id: int, state: str) -> None:
    """What the hub made while it kept accounts there stands as it is, and is not sent any more."""
    values = {
        "state": state,
        "seq": obj.c.done_seq,
        "status": "done",
        "body": sa.func.coalesce(obj.c.done_body, obj.c.body),
        "hash": "",  # whatever it looked like is compared anew, should the hub keep accounts again
        "due": None,
        "reason": None,
        "attempts": 0,
    }
    tx.execute(obj.update().where(obj.c.id == object_id).values(values))


def turn_into(tx: Tx, object_id: int, body: Any) -> None:
    """What was never made is looked for instead."""
    nothing = dict.fromkeys(
        ("due", "reason", "remote_id", "remote_version", "intent", "done_state")
    )
    values = {"state": "present", "seq": 0, "done_seq": 0, "status": SOUGHT, "ownership": LINKED}
    values |= nothing | {"body": body, "hash": "", "attempts": 0}
    tx.execute(obj.update().where(obj.c.id == object_id).values(values))


def take_over(tx: Tx, target_id: str, ids: Collection[int]) -> None:
    """The hub keeps these accounts from now on: found ones are adopted, the others made."""
    there = sa.case((obj.c.done_state == "present", "adopted"), else_=sa.null())
    values = {"ownership": there, "hash": "", "status": "waiting", "due": None}
    for part in chunks(ids):
        tx.execute(obj.update().where(obj.c.id.in_(part), _OTHERS).values(values))
    if ids:
        _unpark(tx, target_id, None)


def due(tx: Tx, target_id: str, now: datetime, limit: int) -> list[Any]:
    """References to look for now: those of whom nothing is known first."""
    time = sa.or_(obj.c.due.is_(None), obj.c.due <= now)
    mine = (obj.c.target == target_id, obj.c.kind == "person", _OTHERS, obj.c.state == "present")
    query = sa.select(obj).where(*mine, time).order_by(obj.c.id)
    return list(tx.execute(query.limit(limit)))


def taken(tx: Tx, target_id: str, remote_ids: Collection[str]) -> dict[str, set[str]]:
    """Of which persons these accounts are said to be already."""
    found: dict[str, set[str]] = {}
    same = {"target": target_id, "kind": "person"}
    for row in bulk.where_in(tx, obj, "remote_id", remote_ids, ("remote_id", "key"), **same):
        found.setdefault(row[0], set()).add(row[1])
    return found


def found(
    tx: Tx, target_id: str, accounts: Mapping[int, str], now: datetime, again: timedelta
) -> None:
    """These references, by object, stand for these accounts; what waited for them goes on."""
    for one, remote_id in accounts.items():
        values = {
            "remote_id": remote_id,
            "done_state": "present",
            "done_body": obj.c.body,
            "done_at": now,
            "status": LINKED,
            "reason": None,
            "due": now + again,
        }
        tx.execute(obj.update().where(obj.c.id == one, _OTHERS).values(values))
    query = sa.select(obj.c.key)
    whose = [
        key
        for part in chunks(accounts)
        for key in tx.execute(query.where(obj.c.id.in_(part))).scalars()
    ]
    _unpark(tx, target_id, whose)


def not_found(tx: Tx, reasons: Mapping[int, str], now: datetime, again: timedelta) -> None:
    """These have no account there, or it is not known which, for the reasons given."""
    for one, reason in reasons.items():
        values = {
            "remote_id": None,
            "done_state": None,
            "done_body": None,
            "status": SOUGHT,
            "reason": reason,
            "due": now + again,
        }
        tx.execute(obj.update().where(obj.c.id == one, _OTHERS).values(values))


def later(tx: Tx, ids: Collection[int], due_at: datetime) -> None:
    """The target could not be asked: what is known stays."""
    for part in chunks(ids):
        tx.execute(obj.update().where(obj.c.id.in_(part), _OTHERS).values(due=due_at))


_PARKED = sa.and_(obj.c.status == SOUGHT, obj.c.kind != "person")


def park(tx: Tx, target_id: str) -> None:
    """What requires an account that is not found is set aside: each pass would weigh it anew."""
    other = obj.alias("other")
    same = sa.and_(
        other.c.target == requirement.c.target,
        other.c.kind == requirement.c.kind,
        other.c.key == requirement.c.key,
        other.c.status == SOUGHT,
    )
    needs = sa.select(requirement.c.object).join(other, same)
    mine = (obj.c.target == target_id, obj.c.status == "waiting", obj.c.state == "present")
    needs = needs.where(requirement.c.object == obj.c.id, requirement.c.kind == "person")
    never = sa.func.coalesce(obj.c.done_state, "absent") != "present"
    nowhere = (never, obj.c.intent.is_(None), needs.correlate(obj).exists())
    tx.execute(obj.update().where(*mine, *nowhere).values(status=SOUGHT, reason=WAITS))


def _unpark(tx: Tx, target_id: str, people: Collection[str] | None) -> None:
    mine = [obj.c.target == target_id, _PARKED]
    for part in chunks(people) if people is not None else [None]:
        needs = sa.select(requirement.c.object).where(
            requirement.c.target == target_id, requirement.c.kind == "person"
        )
        if part is not None:
            needs = needs.where(requirement.c.key.in_(part))
        again = {"status": "waiting", "reason": None, "due": None}
        tx.execute(obj.update().where(*mine, obj.c.id.in_(needs)).values(again))


def keys(tx: Tx, target_id: str) -> set[str]:
    """Persons on a target whose account is another's."""
    query = sa.select(obj.c.key).where(obj.c.target == target_id, obj.c.kind == "person", _OTHERS)
    return set(tx.execute(query).scalars())
