"""Pictures of accounts: bytes by account and digest, beside the facts that name them.

They go with their account (a foreign key sees to it), with the state that named them, and with what
was known of whoever left.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.events.photo import Photo
from hub.store.database import Tx
from hub.store.subjects import chunks
from hub.store.tables import account, photo


@dataclass(slots=True)
class Pictures:
    """What one step of intake has to do with pictures; nearly always nothing.

    Attributes:
        given: bytes by account and digest.
        accepted: the digests that accounts have from now on; whatever else they had goes.
    """

    given: dict[tuple[int, str], bytes] = field(default_factory=dict)
    accepted: dict[int, set[str]] = field(default_factory=dict)

    def waits(self, subject_id: int, told: Photo | None, data: bytes | None) -> None:
        """The picture of a state that waits in a hold, beside that of the state in force."""
        if told is not None and data is not None:
            self.given[subject_id, told.sha256] = data

    def accept(self, subject_id: int, told: Photo | None, data: bytes | None) -> None:
        """The picture of a state that is in force from now on; None: it has none."""
        self.accepted[subject_id] = {told.sha256} if told is not None else set()
        self.waits(subject_id, told, data)

    def write(self, tx: Tx, now: datetime) -> None:
        """Forget what was, and keep what is new."""
        keep_only(tx, self.accepted)
        put(tx, self.given, now)


def put(tx: Tx, given: Mapping[tuple[int, str], bytes], now: datetime) -> None:
    """Keep these bytes, by account and digest, unless they are kept already."""
    known = _names(tx, {one for one, _ in given})
    rows = [
        {"subject": one, "sha256": digest, "data": data, "at": now}
        for (one, digest), data in given.items()
        if (one, digest) not in known
    ]
    if rows:
        tx.execute(photo.insert(), rows)


def keep_only(tx: Tx, wanted: Mapping[int, Collection[str]]) -> None:
    """Forget every other picture of these accounts."""
    for one, digest in _names(tx, wanted):
        if digest not in wanted[one]:
            tx.execute(photo.delete().where(photo.c.subject == one, photo.c.sha256 == digest))


def _names(tx: Tx, ids: Collection[int]) -> set[tuple[int, str]]:
    found: set[tuple[int, str]] = set()
    for part in chunks(ids):
        query = sa.select(photo.c.subject, photo.c.sha256).where(photo.c.subject.in_(part))
        found |= {(row.subject, row.sha256) for row in tx.execute(query)}
    return found


def of_persons(tx: Tx, wanted: Mapping[str, str]) -> dict[str, bytes]:
    """The bytes of these pictures, by person: person to digest in; what is not kept is missing."""
    found: dict[str, bytes] = {}
    for part in chunks(wanted):
        query = (
            sa.select(account.c.person, photo.c.sha256, photo.c.data)
            .join(photo, photo.c.subject == account.c.subject)
            .where(account.c.person.in_(part))
            .where(photo.c.sha256.in_({wanted[one] for one in part}))
        )
        rows = tx.execute(query)
        found |= {row.person: row.data for row in rows if row.sha256 == wanted[row.person]}
    return found


def of_accounts(tx: Tx, ids: Collection[int]) -> list[Any]:
    """Every picture that is kept of these accounts: subject, sha256, data, at."""
    found: list[Any] = []
    for part in chunks(ids):
        query = sa.select(photo).where(photo.c.subject.in_(part))
        found += tx.execute(query.order_by(photo.c.subject, photo.c.sha256)).all()
    return found
