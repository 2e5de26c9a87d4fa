"""Once a day the head of the audit trail is written down outside the store."""

from datetime import datetime
from pathlib import Path
from typing import Any

from hub.errors import BadConfigError
from hub.store import heads
from hub.store.chain import Head
from hub.store.store import Store, Tx


async def write_head(store: Store, path: Path, now: datetime, log: Any) -> None:
    """Add today's line, unless it is there; one that can't be written is only said."""
    try:
        earlier, _ = heads.read(path)
        if not earlier or earlier[-1].at.date() != now.date():
            await _write(store, path, earlier[-1:], now, log)
    except BadConfigError as error:
        log.warning("audit_head_failed", reason=str(error))


async def _write(store: Store, path: Path, last: list[Head], now: datetime, log: Any) -> None:
    head, gone = await store.read(_look, last, now)
    for one in gone:
        log.error("audit_replaced", seq=one.seq, file=str(path))
    if head is not None:
        heads.append(path, head)
        log.info("audit_head", seq=head.seq, digest=head.digest)


def _look(tx: Tx, last: list[Head], now: datetime) -> tuple[Head | None, list[Head]]:
    from hub.store import trail  # noqa: PLC0415  once a day, and a cold start counts

    return trail.head(tx, now), [one for one in last if not trail.stands(tx, one)]
