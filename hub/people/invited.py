"""What is known of invitations, as JSON values; never a code, because none is stored."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from hub.store import invitations
from hub.store.store import Tx


def known(tx: Tx, ids: Collection[str]) -> list[dict[str, Any]]:
    """The invitations of these persons as JSON values, the newest first."""
    return [as_values(row) for row in invitations.of_persons(tx, ids)]


def listed(tx: Tx, now: datetime, limit: int, *, all_of_them: bool) -> list[dict[str, Any]]:
    """Invitations with the names of their persons, as JSON values, the newest first."""
    rows = invitations.listed(tx, all_of_them=all_of_them, now=now, limit=limit)
    return [as_values(row) | {"person": row.person, "name": row.name} for row in rows]


def as_values(row: Any) -> dict[str, Any]:
    """One invitation as JSON values."""
    moments = ("made_at", "until", "sent_at", "ended_at")
    written = {name: getattr(row, name) for name in moments}
    shown = {name: at.isoformat() if at else None for name, at in written.items()}
    values = {"id": row.id, "by": row.channel, "state": row.state, "attempts": row.attempts}
    return values | shown
