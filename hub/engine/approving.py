"""Two administrators for one hold, where hub.yaml asks for two.

What somebody approved stands in the audit trail and nowhere else: who, when, and which hash, so that
an approval can't be made up without breaking the chain.
"""

from datetime import datetime, timedelta
from typing import Any

from hub.errors import RejectedError
from hub.events.base import PERSONAL
from hub.settings.removals import Removals
from hub.store.store import Tx

VALID = timedelta(hours=24)
APPROVE = "approve"
OF_PEOPLE = frozenset({"people", "groups", "attributes", "preview"})


def needed(row: Any, *limits: Removals) -> int:
    """How many administrators it takes to release this hold; only those about people take two."""
    about_people = row.action in OF_PEOPLE or any(
        line.get("family") in PERSONAL for line in row.content
    )
    return max((one.approvals for one in limits), default=1) if about_people else 1


def given(tx: Tx, row: Any, now: datetime) -> dict[str, datetime]:
    """Who approved exactly this content, and when; what is older than a day counts no more."""
    since = max(row.opened_at, now - VALID)
    from hub.store import trail  # noqa: PLC0415  a cold start counts

    rows = trail.about(tx, APPROVE, row.hash)
    return {
        one.actor: one.at
        for one in rows
        if one.action == APPROVE and one.what.get("hold") == row.hash and one.at >= since
    }


def approve(tx: Tx, row: Any, number: int, *, actor: str, now: datetime) -> int:
    """Note that this administrator approves it, if that is not enough yet.

    Args:
        tx, row: the transaction and the open hold.
        number: how many administrators it takes.
        actor, now: who, and when.

    Returns:
        How many others must still approve it; 0: this was the last, and it can be applied.

    Raises:
        RejectedError: the same administrator approved it before.
    """
    before = given(tx, row, now)
    if number > 1 and actor in before:
        raise RejectedError(
            f"{actor} approved {row.hash} already: somebody else must release it, within 24 hours "
            "and while its content stays the same."
        )
    missing = number - len(before) - 1
    if missing > 0:
        what = {"hold": row.hash, "instance": row.instance, "action": row.action}
        from hub.store import trail  # noqa: PLC0415  as above

        trail.note(tx, actor=actor, action=APPROVE, what=what, now=now)
    return max(0, missing)
