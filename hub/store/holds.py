"""Queries on holds and requests."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.events.base import canonical
from hub.store.direct import Statement
from hub.store.store import Share, Tx
from hub.store.tables import hold, request

# requests that carry what people brought: it goes as soon as somebody has it, or nobody will
CARRYING = ("import",)

_OPEN = Statement(
    sa.select(hold).where(hold.c.state == "open").order_by(hold.c.id)
)  # asked all the time


def content_hash(instance_id: str, action: str, content: Any) -> str:
    """Names exactly this content: what an administrator releases is what was shown."""
    text = canonical({"instance": instance_id, "action": action, "content": content})
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def find_open(tx: Tx, instance_id: str, action: str) -> Any:
    """The one open hold of an instance (or target) and action, or None."""
    query = sa.select(hold).where(
        hold.c.instance == instance_id, hold.c.action == action, hold.c.state == "open"
    )
    return tx.execute(query).first()


def all_open(tx: Tx) -> Sequence[Any]:
    """Every open hold, oldest first."""
    rows: Sequence[Any] = _OPEN.all(tx)
    return rows


def by_hash(tx: Tx, prefix: str) -> Any:
    """The open hold whose hash begins like this, or None when none or several do."""
    rows = [row for row in all_open(tx) if prefix and row.hash.startswith(prefix)]
    return rows[0] if len(rows) == 1 else None


def put_open(
    tx: Tx, instance_id: str, action: str, content: Sequence[Any], now: datetime
) -> str | None:
    """Open the hold, or replace its content. The new hash, or None when nothing changed."""
    mark = content_hash(instance_id, action, content)
    old = find_open(tx, instance_id, action)
    if old is not None and old.hash == mark:
        return None
    if old is None:
        tx.execute(
            hold.insert().values(
                instance=instance_id,
                action=action,
                state="open",
                hash=mark,
                content=content,
                opened_at=now,
            )
        )
    else:
        tx.execute(hold.update().where(hold.c.id == old.id).values(hash=mark, content=content))
    return mark


def end(tx: Tx, hold_id: int, state: str, now: datetime) -> None:
    """Released, dropped, or closed because nothing was left in it."""
    tx.execute(hold.update().where(hold.c.id == hold_id).values(state=state, ended_at=now))


def close_if_open(tx: Tx, row: Any, now: datetime) -> None:
    """An empty hold closes itself."""
    if row is not None:
        end(tx, row.id, "closed", now)


def last_dropped(tx: Tx, instance_id: str, action: str) -> Any:
    """The hold that an administrator dropped last, or None."""
    return next(iter(_ended(tx, instance_id, action, "dropped")), None)


def released(tx: Tx, instance_id: str, action: str) -> Sequence[Any]:
    """Released holds, the newest first."""
    return _ended(tx, instance_id, action, "released")


def _ended(tx: Tx, instance_id: str, action: str, state: str) -> Sequence[Any]:
    query = sa.select(hold).where(
        hold.c.instance == instance_id, hold.c.action == action, hold.c.state == state
    )
    return tx.execute(query.order_by(hold.c.ended_at.desc(), hold.c.id.desc())).all()


def put_content(tx: Tx, hold_id: int, content: Sequence[Any]) -> None:
    """What an ended hold stands for from now on; its hash stays that of what was shown."""
    tx.execute(hold.update().where(hold.c.id == hold_id).values(content=content))


def ask(tx: Tx, action: str, body: Any, now: datetime, needs: str | None = None) -> int:
    """A request to the running hub; its id.

    Args:
        needs: the lease that whoever takes it must own; None: any process.
    """
    values = {"action": action, "body": body, "made_at": now, "needs": needs}
    made = tx.execute(request.insert().values(values))
    return int(made.inserted_primary_key[0])  # type: ignore[index]  # an insert has one


def take_back(tx: Tx, request_id: int) -> bool:
    """A request that nobody took is not to be done any more; False: somebody took it."""
    ours = sa.and_(request.c.id == request_id, request.c.taken.is_(None))
    return bool(tx.execute(request.delete().where(ours)).rowcount)


def give_up_requests(tx: Tx, now: datetime, alive: Collection[str] | None = None) -> None:
    """Whoever asked a process that ended is told to ask again.

    Args:
        alive: the processes that go on; None: the asking one is a new and only owner.
    """
    left = [request.c.done_at.is_(None)]
    if alive is not None:
        left += [request.c.taken.is_not(None), request.c.taken.not_in(alive)]
    error = "The hub was restarted meanwhile: ask again."
    _empty(tx, *left)
    tx.execute(request.update().where(*left).values(done_at=now, error=error))


def take_requests(tx: Tx, who: str, share: Share | None = None) -> Sequence[Any]:
    """Requests that nobody took yet; now ours.

    Args:
        share: what this process owns, where several share the store.
    """
    query = sa.select(request).where(request.c.taken.is_(None)).order_by(request.c.id)
    if share is not None and share.members:
        query = query.where(sa.or_(request.c.needs.is_(None), request.c.needs.in_(share.held)))
    rows = tx.execute(query).all()
    for row in rows:
        tx.execute(request.update().where(request.c.id == row.id).values(taken=who))
    if any(row.action in CARRYING for row in rows):
        _empty(tx, request.c.taken.is_not(None))
    return rows


def _empty(tx: Tx, *which: sa.ColumnElement[bool]) -> None:
    mine = request.c.action.in_(CARRYING)
    tx.execute(request.update().where(mine, *which).values(body={}))


def answer(
    tx: Tx, request_id: int, now: datetime, *, result: Any = None, error: str | None = None
) -> None:
    """What became of a request."""
    tx.execute(
        request.update()
        .where(request.c.id == request_id)
        .values(answer=result, error=error, done_at=now)
    )


def answered(tx: Tx, request_id: int) -> Any:
    """The request's row once it is answered, else None."""
    query = sa.select(request).where(request.c.id == request_id, request.c.done_at.is_not(None))
    return tx.execute(query).first()
