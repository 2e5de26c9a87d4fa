"""Queries on calls from outside: hints to read again, and signatures that were taken."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hub.errors import RepeatedCallError
from hub.store.store import Tx
from hub.store.tables import signature, stream


@dataclass(frozen=True, slots=True)
class Signature:
    """Of one call; it counts once.

    Attributes:
        digest: names the call, at most 64 characters.
        until: UTC; afterwards its own date refuses it.
    """

    digest: str
    until: datetime


def note(tx: Tx, call: Signature, now: datetime) -> None:
    """Remember the call, and forget those whose date refuses them by now.

    Raises:
        RepeatedCallError: it was taken before.
    """
    tx.execute(signature.delete().where(signature.c.until < now))
    same = signature.c.digest == call.digest
    if tx.execute(sa.select(signature.c.until).where(same)).first() is not None:
        raise RepeatedCallError("This call was taken before: it counts once.")
    tx.execute(signature.insert().values(digest=call.digest, until=call.until))


def hint(tx: Tx, instance_id: str, names: Collection[str], now: datetime) -> None:
    """These streams are to be read again soon, by whichever process has them.

    A hint that waits already stands for this one too; the reading that begins next takes it.
    """
    asked = sa.and_(
        stream.c.instance == instance_id, stream.c.stream.in_(names), stream.c.hinted.is_(None)
    )
    tx.execute(stream.update().where(asked).values(hinted=now))
