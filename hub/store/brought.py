"""Queries for what a file of people would change."""

from typing import Any

import sqlalchemy as sa

from hub.events.base import Family
from hub.store.store import Tx
from hub.store.tables import account, subject

_COLUMNS = (
    *(subject.c[one] for one in ("id", "key", "state", "removed_at", "missing", "staged")),
    *(account.c[one] for one in ("person", "tier", "evidence")),
)
_ACCOUNTS = (
    sa.select(*_COLUMNS)
    .outerjoin(account, account.c.subject == subject.c.id)
    .where(subject.c.instance == sa.bindparam("instance_id"), subject.c.family == Family.PERSON)
    .order_by(subject.c.id)
)


def accounts(tx: Tx, instance_id: str) -> dict[str, Any]:
    """Every account of an instance by its key, with whose it is and why; removed ones too."""
    return {row.key: row for row in tx.execute(_ACCOUNTS, {"instance_id": instance_id})}
