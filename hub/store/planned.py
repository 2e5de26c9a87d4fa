"""What a plan shows: objects that differ from what stands there, and the persons behind them.

Plain tuples with names: of SQLAlchemy's own row a column by its name takes twenty times as long,
and a plan of 20,000 persons asks for half a million.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.store.database import Tx
from hub.store.subjects import CHUNK
from hub.store.tables import account, obj, person, subject

PERSON = "person"


class Planned(NamedTuple):
    """An object whose desired state is not the delivered one; its columns as `object` has them."""

    target: str
    instance: str
    kind: str
    key: str
    state: str
    body: Mapping[str, Any] | None
    done_state: str | None
    done_body: Mapping[str, Any] | None
    withdrawn: bool
    reason: str | None


class Standing(NamedTuple):
    """A person with one account, or with none: then what is of the account is None.

    Attributes:
        state: of the person.
        subject: the number of the account, which is its place in the order of appearance.
        body: what its source says, in this version; None: nothing any more.
    """

    person: str
    state: str
    subject: int | None
    instance: str | None
    key: str | None
    version: int
    removed_at: datetime | None
    body: Mapping[str, Any] | None


_AHEAD = obj.c.seq > obj.c.done_seq
_PENDING = (
    sa.select(*(obj.c[name] for name in Planned._fields))
    .where(_AHEAD)
    .order_by(obj.c.target, obj.c.tile, obj.c.id)
)
_PEOPLE = sa.select(obj.c.key).where(_AHEAD, obj.c.kind == PERSON)
_STANDINGS = (
    sa.select(
        person.c.id,
        person.c.state,
        subject.c.id,
        subject.c.instance,
        subject.c.key,
        subject.c.version,
        subject.c.removed_at,
        subject.c.state,
    )
    .outerjoin(account, account.c.person == person.c.id)
    .outerjoin(subject, subject.c.id == account.c.subject)
    .where(person.c.id.in_(_PEOPLE))
)


def pending(tx: Tx) -> Iterator[list[Planned]]:
    """Objects whose desired state is not the delivered one, whatever the mode; some at a time."""
    for rows in tx.execute(_PENDING).partitions(CHUNK):
        yield [Planned._make(row) for row in rows]


def standings(tx: Tx) -> Iterator[Standing]:
    """The persons of these objects with each of their accounts, in no order; one statement."""
    for rows in tx.execute(_STANDINGS).partitions(CHUNK):
        yield from (Standing._make(row) for row in rows)
