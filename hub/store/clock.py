"""A clock that was set back: moments that were written down by it may not silence anybody."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from hub.store.database import Tx
from hub.store.tables import obj, stream, target

SLACK = timedelta(seconds=30)  # a clock that is kept right moves by less

_READ = (stream.c.taken_at, stream.c.complete_at, stream.c.delta_at, stream.c.sweep_started)


def turn_back(tx: Tx, now: datetime) -> timedelta:
    """If the last reading began after `now`, forget what is due by the clock as it was.

    Streams and objects are due at once, and targets that are left alone are left for the rest of
    their time. Nothing waits longer because of it, and nothing is sent that is not ahead.

    Returns:
        How far the clock went back, as far as is known; zero when it did not.
    """
    newest: datetime | None = tx.execute(sa.select(sa.func.max(stream.c.taken_at))).scalar()
    if newest is None or newest - now <= SLACK:
        return timedelta(0)
    by = newest - now
    for column in (*_READ, stream.c.due):
        tx.execute(stream.update().where(column > now).values({column: now}))
    tx.execute(obj.update().where(obj.c.due > now).values(due=now))
    for row in tx.execute(sa.select(target).where(target.c.retry_at > now)).all():
        rest = max(now, row.retry_at - by)
        tx.execute(target.update().where(target.c.id == row.id).values(retry_at=rest))
    return by
