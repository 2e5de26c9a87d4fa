"""Leases on a store that several processes share: who takes part, and who owns what.

Three kinds of rows in one table. `process:...` takes part until its end, which that process moves
on. `instance:ID` and `target:ID` name the process that owns them: it alone reads that instance,
projects its subjects, delivers to that target. Whoever takes one raises its epoch, and those of the
instance's streams. The database's clock alone decides what has ended. A process that is a guest has
no share: it borrows a lease for one piece of work.

A transaction knows whose it is by an execution option; where nobody shares there is none, and
everything is allowed.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from hub.errors import StreamLostError
from hub.store.database import Share, Tx, in_words
from hub.store.tables import lease, stream

OWNER = "hub_owner"  # the execution option
PROCESS = "process:"
INSTANCE = "instance:"
TARGET = "target:"

NOW = sa.func.clock_timestamp()
_IS_PROCESS = lease.c.name.startswith(PROCESS)


def process_of(tx: Tx) -> str | None:
    """Whose transaction it is; None where nobody shares."""
    found: str | None = tx.get_execution_options().get(OWNER)
    return found


def claim(tx: Tx, name: str) -> None:
    """The first thing in a transaction that works for an instance or target: is it still ours?

    Raises:
        StreamLostError: another process owns it; nothing of this transaction is kept.
    """
    owner = process_of(tx)
    if owner is None:
        return
    mine = sa.and_(lease.c.name == name, lease.c.owner == owner)
    if tx.execute(sa.select(lease.c.epoch).where(mine)).first() is None:
        raise StreamLostError(
            f"{name.replace(':', ' ')} belongs to another hub process now, or to none: this one "
            "wrote nothing more for it."
        )


def mine(tx: Tx, instance_id: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """The condition that this instance is ours, whoever owns it at that moment."""
    owner = process_of(tx)
    if owner is None:
        return sa.true()
    ours = sa.and_(lease.c.owner == owner, lease.c.name.startswith(INSTANCE))
    names = sa.select(sa.func.substr(lease.c.name, len(INSTANCE) + 1)).where(ours)
    return instance_id.in_(names)


def members(tx: Tx, *, live: bool = True) -> list[Any]:
    """Processes that take part; `live`: without those whose time has ended."""
    query = sa.select(lease).where(_IS_PROCESS).order_by(lease.c.name)
    return list(tx.execute(query.where(lease.c.expires > NOW) if live else query))


def owned(tx: Tx) -> dict[str, str | None]:
    """The owner of every instance and target that has a lease."""
    rows = tx.execute(sa.select(lease.c.name, lease.c.owner).where(~_IS_PROCESS))
    return {row.name: row.owner for row in rows}


def words(rows: Iterable[Any]) -> str:
    """These processes."""
    return " and by ".join(in_words(row.holder) for row in rows) or "another hub"


def shown(tx: Tx) -> list[dict[str, Any]]:
    """Who takes part and owns what, as JSON values."""
    owners = owned(tx)
    return [
        {
            "process": in_words(row.holder),
            "instances": _of(owners, row.name, INSTANCE),
            "targets": _of(owners, row.name, TARGET),
        }
        for row in members(tx)
    ]


def _of(owners: Mapping[str, str | None], owner: str, kind: str) -> list[str]:
    mine = (name for name, one in owners.items() if one == owner and name.startswith(kind))
    return sorted(name.removeprefix(kind) for name in mine)


def balance(tx: Tx, able: Collection[str], busy: Collection[str]) -> Share:
    """Take what is free, up to a fair share; say what others should rather have.

    Each process takes a free one only while nobody who can work for it has less, so that no
    process has more than its part, rounded up.

    Args:
        able: the leases that this process can work under.
        busy: those that it can't give away now.
    """
    owner = process_of(tx)
    if owner is None:
        return Share(frozenset(able))
    _say(tx, owner, able=sorted(able))
    owners = _owners(tx, able)
    table = _Table({row.name: set(row.holder.get("able", ())) for row in members(tx)}, owners)
    standing = {row.name for row in members(tx, live=False)}
    for name in sorted(able):
        if owners[name] not in standing and not table.lead(owner, name):
            _take(tx, owner, name)
            table.give(name, owner)
    held = frozenset(name for name, one in owners.items() if one == owner)
    return Share(held, table.surplus(owner, sorted(held - set(busy))), frozenset(standing))


def _owners(tx: Tx, names: Collection[str]) -> dict[str, str | None]:
    """The owner of every lease; these have a row from now on."""
    owners = owned(tx)
    for name in sorted(set(names) - set(owners)):
        tx.execute(lease.insert().values(name=name, epoch=0))
        owners[name] = None
    return owners


def is_guest(holder: Mapping[str, Any]) -> bool:
    """Whether this process takes part for one piece of work, and answers no requests."""
    return bool(holder.get("guest"))


def take_free(tx: Tx, names: Collection[str]) -> frozenset[str]:
    """Take those of these leases that nobody owns; all of these that are ours now."""
    owner = process_of(tx)
    if owner is None:
        return frozenset(names)
    owners = _owners(tx, names)
    standing = {row.name for row in members(tx, live=False)}
    for name in sorted(names):
        if owners[name] not in standing:
            _take(tx, owner, name)
            owners[name] = owner
    return frozenset(name for name in names if owners[name] == owner)


def borrow(tx: Tx, name: str) -> Mapping[str, Any] | None:
    """Take this lease; if it is not free, what is known of the process that has it."""
    if name in take_free(tx, [name]):
        return None
    holders = sa.select(lease.c.holder).where(lease.c.name == owned(tx)[name])
    found: Mapping[str, Any] = tx.execute(holders).scalar_one()
    return found


@dataclass
class _Table:
    """Who can work under what, and who owns what."""

    able: Mapping[str, set[str]]
    owners: dict[str, str | None]

    def __post_init__(self) -> None:
        self._loads = Counter((one, _kind(name)) for name, one in self.owners.items() if one)

    def lead(self, owner: str, name: str) -> int:
        """How many leases of this kind this process has more than the least of those able."""
        kind = _kind(name)
        least = min(
            (self._loads[one, kind] for one, names in self.able.items() if name in names),
            default=0,
        )
        return max(self._loads[owner, kind] - least, 0)

    def give(self, name: str, to: str) -> None:
        """It is owned by that process now."""
        self._loads[to, _kind(name)] += 1
        self.owners[name] = to

    def surplus(self, owner: str, names: Iterable[str]) -> tuple[str, ...]:
        """Those of these leases that make the shares equal when they go."""
        for name in [name for name, one in self.owners.items() if one not in self.able]:
            self._to_poorest(name)  # it is free: about to be taken
        found = []
        for name in names:
            if self.lead(owner, name) > 1:
                found.append(name)
                self._loads[owner, _kind(name)] -= 1
                self._to_poorest(name)
        return tuple(found)

    def _to_poorest(self, name: str) -> None:
        able = [one for one, names in self.able.items() if name in names]
        if able:
            self._loads[min(able, key=lambda one: self._loads[one, _kind(name)]), _kind(name)] += 1


def _kind(name: str) -> str:
    return name.partition(":")[0]


def _take(tx: Tx, owner: str, name: str) -> None:
    """Whoever had it before can write nothing more for it."""
    ours = lease.c.name == name
    tx.execute(lease.update().where(ours).values(owner=owner, epoch=lease.c.epoch + 1))
    if name.startswith(INSTANCE):
        of_instance = stream.c.instance == name.removeprefix(INSTANCE)
        tx.execute(stream.update().where(of_instance).values(epoch=stream.c.epoch + 1))


def give_back(tx: Tx, names: Collection[str]) -> None:
    """Others may have these at once."""
    ours = sa.and_(lease.c.name.in_(names), lease.c.owner == process_of(tx))
    tx.execute(lease.update().where(ours).values(owner=None))


def remove(tx: Tx, names: Collection[str]) -> None:
    """These processes take part no more; what they owned is free."""
    if names:
        tx.execute(lease.update().where(lease.c.owner.in_(names)).values(owner=None))
        tx.execute(lease.delete().where(lease.c.name.in_(names)))


def others_work(tx: Tx) -> bool:
    """Whether another process has started on this configuration already."""
    owner = process_of(tx)
    return owner is not None and any(
        row.holder.get("started") for row in members(tx) if row.name != owner
    )


def say_started(tx: Tx) -> None:
    """This process has weighed the configuration: those that come after need not."""
    if (owner := process_of(tx)) is not None:
        _say(tx, owner, started=True)


def _say(tx: Tx, owner: str, **more: Any) -> None:
    ours = lease.c.name == owner
    held = tx.execute(sa.select(lease.c.holder).where(ours)).scalar_one()
    if held != held | more:
        tx.execute(lease.update().where(ours).values(holder=held | more))
