"""What is forgotten for good: accounts of a person, and all that was known of them.

Only a digest of each account's name stays, so that an old feed can't bring it back.
"""

import hashlib
from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from hub.events.person import ALIAS
from hub.store import bulk
from hub.store.store import Tx
from hub.store.subjects import chunks
from hub.store.tables import cause, erased, event, hold, ref, subject, unreadable


def digest(instance: str, family: str, key: str) -> str:
    """Stands for an account that must not come back."""
    text = f"{instance}\n{family}\n{key}"
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


def among(tx: Tx, instance: str, family: str, keys: Iterable[str]) -> set[str]:
    """Those of the keys that were forgotten for good."""
    names = {digest(instance, family, key): key for key in keys}
    rows = bulk.where_in(tx, erased, "digest", names, ("digest",))
    return {names[row[0]] for row in rows}


def erase(tx: Tx, accounts: Collection[Any], family: str, person: str) -> None:
    """Forget these subjects with their facts, and note that they must not come back.

    Args:
        accounts: rows with `subject`, `instance` and `key`.
        person: whose they were.
    """
    names = {(one.instance, one.key) for one in accounts} | _aliases(tx, accounts)
    marks = sorted({digest(instance, family, name) for instance, name in names})
    bulk.insert(tx, erased, [{"digest": one, "person": person} for one in marks])
    for one in accounts:
        pointing = sa.and_(ref.c.namespace == one.instance, ref.c.value == one.key)
        tx.execute(ref.delete().where(pointing))
    drop(tx, [(one.subject, one.instance, one.key) for one in accounts])


def drop(tx: Tx, rows: Collection[tuple[int, str, str]]) -> None:
    """Forget these subjects, by id, instance and key, with their facts."""
    for _, instance, key in rows:
        named = sa.and_(unreadable.c.instance == instance, unreadable.c.key == key)
        tx.execute(unreadable.delete().where(named))
    ids = [one for one, _, _ in rows]
    _out_of_holds(tx, set(ids))
    for part in chunks(ids):
        tx.execute(event.delete().where(event.c.subject.in_(part)))
        tx.execute(cause.delete().where(cause.c.subject.in_(part)))
        tx.execute(subject.delete().where(subject.c.id.in_(part)))  # the rest goes with it


def alias(role: str, value: str) -> str:
    """Stands in a digest for what a source names an account by, beside its key."""
    return f"{role}={value}"


def _aliases(tx: Tx, accounts: Collection[Any]) -> set[tuple[str, str]]:
    where = {one.subject: one.instance for one in accounts}
    found = set()
    for part in chunks(where):
        query = sa.select(ref).where(ref.c.subject.in_(part), ref.c.kind == ALIAS)
        found |= {(where[row.subject], alias(row.role, row.value)) for row in tx.execute(query)}
    return found


def _out_of_holds(tx: Tx, ids: set[int]) -> None:
    """A hold's content names keys; its hash stays that of what was shown."""
    for row in tx.execute(sa.select(hold.c.id, hold.c.content)).all():
        left = [one for one in row.content if one.get("subject") not in ids]
        if len(left) < len(row.content):
            tx.execute(hold.update().where(hold.c.id == row.id).values(content=left))
