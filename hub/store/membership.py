"""This process among those that share a store: it joins, shows signs of life, and leaves."""

import os
import secrets
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

import sqlalchemy as sa

from hub.store import lease as leases
from hub.store.database import Share, StoreInUseError, StoreLostError, Tx, me
from hub.store.lease import NOW
from hub.store.tables import lease

BEATS = 6  # renewals in the life of a lease


class Membership:
    """One life of this process on a store; renewed from a thread of its own.

    What it owns ends with it, so that one row is renewed for everything.

    Args:
        name: the database, in words.
        seconds: how long it lasts without a renewal.
        renew: asks for a renewal, wherever transactions run; must not wait for it.
        guest: takes part for one piece of work, and takes a lease only for what it does with it.

    Attributes:
        id: names this life; never used again.
    """

    def __init__(
        self, name: str, seconds: float, renew: Callable[[], None], *, guest: bool = False
    ) -> None:
        self.id = f"{leases.PROCESS}{os.getpid()}-{secrets.token_hex(6)}"
        self._name = name
        self._seconds = seconds
        self._renew = renew
        self.guest = guest
        self._ours = lease.c.name == self.id
        self._stopped = threading.Event()
        self._slept = False
        self._beat = self._returned = time.monotonic()
        self._heart = threading.Thread(target=self._run, name="lease", daemon=True)

    def join(self, tx: Tx, mark: str | None) -> None:
        """Take part.

        Args:
            mark: what all that share the store must agree on; None: share it with nobody.

        Raises:
            StoreInUseError: another process is there, and this one can't work beside it.
        """
        others = leases.members(tx)
        if self.guest:
            refused = any(not leases.is_guest(row.holder) for row in others)
        else:
            refused = bool(others) and mark is None
        if refused:
            raise StoreInUseError(
                f"The store {self._name} is in use by {leases.words(others)}. Stop that one "
                "first, or use `hub sync`, which asks the running hub. If it was killed, wait: "
                f"its lease ends {self._seconds:.0f} seconds after its last sign of life."
            )
        if any(row.holder.get("mark") not in (None, mark) for row in others):
            raise StoreInUseError(
                f"The store {self._name} is in use by {leases.words(others)} with another "
                "configuration or another version of the hub. Processes that share a store need "
                "the same hub.yaml, connectors and version: make them equal, or stop that one "
                "first."
            )
        if not others:
            leases.remove(tx, [row.name for row in leases.members(tx, live=False)])
        holder = me() | {"mark": mark} | ({"guest": True} if self.guest else {})
        tx.execute(lease.insert().values(name=self.id, holder=holder, expires=self._end()))

    def check(self, tx: Tx) -> None:
        """The first thing in every transaction: does this process still take part?

        A membership that ended while this process was awake (the database was away, say) and that
        nobody removed goes on.

        Raises:
            StoreLostError: it does not; nothing of this transaction is kept.
        """
        ended = (lease.c.expires <= NOW).label("ended")
        row = tx.execute(sa.select(ended).where(self._ours)).first()
        if row is None or (row.ended and not self._awake()):
            raise StoreLostError(
                f"This hub does not own the store {self._name} any more: the process stood still "
                "for longer than its lease, or another hub took over. It wrote nothing more."
            )
        if row.ended:
            self._returned = time.monotonic()
            self.renew(tx)

    def renew(self, tx: Tx) -> None:
        """Last for the whole time from now on."""
        tx.execute(lease.update().where(self._ours).values(expires=self._end()))

    def balance(self, tx: Tx, able: Collection[str], busy: Collection[str]) -> Share:
        """Take what is free, and what processes that ended have left; a guest all of it."""
        self._tidy(tx)
        if self.guest:
            return Share(leases.take_free(tx, able))
        return leases.balance(tx, able, busy)

    def borrow(self, tx: Tx, name: str) -> Mapping[str, Any] | None:
        """Take this lease; if it is not free, what is known of the process that has it."""
        self._tidy(tx)
        return leases.borrow(tx, name)

    def _tidy(self, tx: Tx) -> None:
        """Processes that ended take part no more."""
        # when the database was away for all of us, everyone has time to come back
        if time.monotonic() - self._returned > self._seconds:
            live = {row.name for row in leases.members(tx)}
            every = leases.members(tx, live=False)
            leases.remove(tx, [row.name for row in every if row.name not in live])

    def leave(self, tx: Tx) -> None:
        """Others may have at once what it owned."""
        leases.remove(tx, [self.id])

    def start(self) -> None:
        """Begin to renew."""
        self._beat = time.monotonic()
        self._returned = self._beat - self._seconds
        self._heart.start()

    def stop(self) -> None:
        """Renew no more."""
        self._stopped.set()

    def _end(self) -> sa.ColumnElement[Any]:
        return NOW + sa.func.make_interval(0, 0, 0, 0, 0, 0, self._seconds)

    def _awake(self) -> bool:
        """Whether this process never stood still for as long as its lease lasts."""
        return not self._slept and time.monotonic() - self._beat < self._seconds

    def _run(self) -> None:
        while not self._stopped.wait(self._seconds / BEATS):
            self._slept = not self._awake()
            self._beat = time.monotonic()
            self._renew()
