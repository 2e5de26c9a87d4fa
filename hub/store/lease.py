"""The lease on a store that several machines can reach: who owns it, until when, which epoch.

The database's clock alone decides. A new owner raises the lease's epoch and those of all streams;
every transaction of an owner first looks whether the epoch is still its own, so that a process
that stood still and goes on writes nothing.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from hub.errors import StreamLostError
from hub.store.database import StoreInUseError, Tx, in_words, me
from hub.store.tables import lease, stream

NAME = "hub"
BEATS = 6  # renewals in the life of a lease

_NOW = sa.func.clock_timestamp()
_OURS = lease.c.name == NAME


def held(tx: Tx) -> Any:
    """The lease's row while it is held and has not ended, else None."""
    query = sa.select(lease).where(_OURS, lease.c.holder.is_not(None), lease.c.expires > _NOW)
    return tx.execute(query).first()


def words(row: Any) -> str:
    """Who holds it."""
    return in_words(row.holder) if row is not None and row.holder else "another hub"


class Lease:
    """The lease as this process holds it; renewed from a thread of its own.

    Args:
        name: the database, in words.
        seconds: how long it lasts without a renewal.
        renew: asks for a renewal, wherever transactions run; must not wait for it.
    """

    def __init__(self, name: str, seconds: float, renew: Callable[[], None]) -> None:
        self.epoch = 0
        self._name = name
        self._seconds = seconds
        self._renew = renew
        self._stopped = threading.Event()
        self._slept = False
        self._beat = time.monotonic()
        self._heart = threading.Thread(target=self._run, name="lease", daemon=True)

    def take(self, tx: Tx) -> None:
        """Take it; whoever held it before can write nothing more.

        Raises:
            StoreInUseError: it is held, and has not ended.
        """
        if (row := held(tx)) is not None:
            raise StoreInUseError(
                f"The store {self._name} is in use by {words(row)}: one hub owns a store. Stop "
                "that one first, or use `hub sync`, which asks the running hub. If it was killed, "
                f"wait: its lease ends {self._seconds:.0f} seconds after its last sign of life."
            )
        if tx.execute(sa.select(lease.c.epoch).where(_OURS)).first() is None:
            tx.execute(lease.insert().values(name=NAME, epoch=0))
        values = {"epoch": lease.c.epoch + 1, "holder": me(), "expires": self._end()}
        tx.execute(lease.update().where(_OURS).values(values))
        tx.execute(stream.update().values(epoch=stream.c.epoch + 1))
        self.epoch = tx.execute(sa.select(lease.c.epoch).where(_OURS)).scalar_one()

    def check(self, tx: Tx) -> None:
        """The first thing in every transaction: is the store still ours?

        A lease that ended while this process was awake (the database was away, say) and that
        nobody took is ours again.

        Raises:
            StreamLostError: it is not; nothing of this transaction is kept.
        """
        ended = sa.func.coalesce(lease.c.expires <= _NOW, sa.true())
        mine = sa.and_(_OURS, lease.c.epoch == self.epoch)
        row = tx.execute(sa.select(ended.label("ended")).where(mine)).first()
        if row is None or (row.ended and not self._awake()):
            raise StreamLostError(
                f"This hub does not own the store {self._name} any more: the process stood still "
                "for longer than its lease, or another hub took over. It wrote nothing more."
            )
        if row.ended:
            self.renew(tx)

    def renew(self, tx: Tx) -> None:
        """Hold it for its whole life from now on."""
        mine = sa.and_(_OURS, lease.c.epoch == self.epoch)
        tx.execute(lease.update().where(mine).values(expires=self._end()))

    def give_back(self, tx: Tx) -> None:
        """Another hub may have it at once."""
        mine = sa.and_(_OURS, lease.c.epoch == self.epoch)
        tx.execute(lease.update().where(mine).values(holder=None, expires=None))

    def start(self) -> None:
        """Begin to renew."""
        self._beat = time.monotonic()
        self._heart.start()

    def stop(self) -> None:
        """Renew no more."""
        self._stopped.set()

    def _end(self) -> sa.ColumnElement[Any]:
        return _NOW + sa.func.make_interval(0, 0, 0, 0, 0, 0, self._seconds)

    def _awake(self) -> bool:
        """Whether this process never stood still for as long as its lease lasts."""
        return not self._slept and time.monotonic() - self._beat < self._seconds

    def _run(self) -> None:
        while not self._stopped.wait(self._seconds / BEATS):
            self._slept = not self._awake()
            self._beat = time.monotonic()
            self._renew()
