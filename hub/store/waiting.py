"""Queries on the few subjects that wait for a decision: unseen, staged, pending, unverified."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.events.base import Family
from hub.store.store import Tx
from hub.store.tables import cause, obj, subject

PIECES = 50  # in one statement


@dataclass(frozen=True, slots=True)
class Piece:
    """Where a subject must have been seen: from <= at < until.

    Attributes:
        container: None: any.
        start: UTC; None, as `end`: open. With both open a subject without a time counts too.
    """

    container: str | None
    start: datetime | None
    end: datetime | None

    @property
    def where(self) -> sa.ColumnElement[bool]:
        """As a condition."""
        asked: list[sa.ColumnElement[bool]] = [sa.true()]
        if self.container is not None:
            asked.append(subject.c.container == self.container)
        if self.start is not None:
            asked.append(subject.c.at >= self.start)
        if self.end is not None:
            asked.append(subject.c.at < self.end)
        return sa.and_(*asked)


def _unseen(instance_id: str, name: str, sweep: int) -> sa.ColumnElement[bool]:
    """Of a stream, not removed, and not seen by this sweep."""
    return sa.and_(
        subject.c.instance == instance_id,
        subject.c.stream == name,
        subject.c.removed_at.is_(None),
        subject.c.sweep != sweep,
    )


def unseen(
    tx: Tx,
    instance_id: str,
    name: str,
    sweep: int,
    *,
    pieces: Sequence[Piece],
    but: Collection[str] = (),
) -> list[Any]:
    """Subjects that this sweep did not see although they stand in what it covered; by id.

    Args:
        but: containers that were not seen completely.
    """
    found: dict[int, Any] = {}
    for some in _parts(pieces):
        covered = sa.or_(*(piece.where for piece in some))
        query = sa.select(subject).where(_unseen(instance_id, name, sweep), covered)
        found |= {row.id: row for row in tx.execute(query) if row.container not in but}
    return [found[one] for one in sorted(found)]


def _parts(pieces: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    for start in range(0, len(pieces), PIECES):
        yield pieces[start : start + PIECES]


def overdue(tx: Tx, instance_id: str, name: str, sweep: int, before: datetime) -> list[Any]:
    """Unseen subjects that are shown, and that nobody looked at since; by id."""
    query = sa.select(subject).where(
        _unseen(instance_id, name, sweep),
        sa.or_(subject.c.looked_at.is_(None), subject.c.looked_at <= before),
        _is_shown(),
    )
    return list(tx.execute(query.order_by(subject.c.id)))


def _is_shown() -> sa.ColumnElement[bool]:
    caused = sa.select(cause.c.subject).join(obj, obj.c.id == cause.c.object)
    return caused.where(cause.c.subject == subject.c.id, obj.c.state == "present").exists()


def staged(tx: Tx, instance_id: str, families: Collection[str]) -> list[Any]:
    """Subjects whose removal waits to be weighed; by id."""
    query = sa.select(subject).where(
        subject.c.instance == instance_id,
        subject.c.staged.is_not(None),
        subject.c.removed_at.is_(None),
        subject.c.family.in_(families),
    )
    return list(tx.execute(query.order_by(subject.c.id)))


def one_stays(tx: Tx, instance_id: str, families: Collection[str], *, shown: bool = False) -> bool:
    """Whether any subject goes on and is not staged; with `shown`: is shown and not staged."""
    query = sa.select(subject.c.id).where(
        subject.c.instance == instance_id,
        subject.c.family.in_(families),
        subject.c.removed_at.is_(None),
        subject.c.staged.is_(None),
        _is_shown() if shown else subject.c.ended_at.is_(None),
    )
    return tx.execute(query.limit(1)).first() is not None


def sizes(tx: Tx, instance_id: str, families: Collection[str]) -> dict[str, int]:
    """How many subjects of each family are not removed."""
    return dict.fromkeys(families, 0) | _counted(tx, instance_id, families, subject.c.family)


def groups(tx: Tx, instance_id: str) -> dict[str, int]:
    """How many members each group has; a group is the container of its memberships."""
    return _counted(tx, instance_id, [Family.MEMBERSHIP], subject.c.container)


def _counted(
    tx: Tx, instance_id: str, families: Collection[str], by: sa.Column[str]
) -> dict[str, int]:
    query = (
        sa.select(by, sa.func.count())
        .where(
            subject.c.instance == instance_id,
            subject.c.family.in_(sorted(families)),
            subject.c.removed_at.is_(None),
        )
        .group_by(by)
    )
    return {row[0]: row[1] for row in tx.execute(query)}


def pending(tx: Tx, instance_id: str) -> list[Any]:
    """Subjects with a state that only the changed configuration made; by id."""
    query = sa.select(subject).where(
        subject.c.instance == instance_id,
        subject.c.pending_fingerprint.is_not(None),
        subject.c.removed_at.is_(None),
    )
    return list(tx.execute(query.order_by(subject.c.id)))


def unverified(tx: Tx, instance_id: str, name: str) -> bool:
    """Whether a subject of this stream waits to be vouched for."""
    query = sa.select(subject.c.id).where(
        subject.c.instance == instance_id,
        subject.c.unverified_at.is_not(None),
        subject.c.stream == name,
        subject.c.removed_at.is_(None),
    )
    return tx.execute(query.limit(1)).first() is not None
