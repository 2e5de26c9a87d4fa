"""Opening a store, transactions, and who owns it.

One writer thread: every transaction runs there, one after the other, so that an event loop is
never blocked and SQLite never says that it is locked by ourselves (facts: one by one through async
sessions costs sixteen times as much). A transaction is a function that takes a connection first.
"""

import asyncio
import copy
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from hub.errors import BadConfigError
from hub.store import lease as leases
from hub.store.database import (
    Database,
    Share,
    StoreBrokenError,
    StoreDownError,
    StoreInUseError,
    StoreLostError,
    Tx,
)
from hub.store.sqlite import Sqlite

__all__ = [
    "LEASE",
    "Share",
    "Store",
    "StoreBrokenError",
    "StoreDownError",
    "StoreInUseError",
    "StoreLostError",
    "Tx",
]

P = ParamSpec("P")
T = TypeVar("T")

LEASE = 30.0  # seconds after which a silent owner on PostgreSQL may be replaced


class Store:
    """One database, by URL: `sqlite:///path/hub.db` or `postgresql://user:password@host/hub`.

    Args:
        url: never shown; `name` is.
        lease: seconds; on PostgreSQL an owner that is silent for so long may be replaced.

    Attributes:
        name: the database in words, without a password.
    """

    def __init__(self, url: str, *, lease: float = LEASE) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._database = self._made(url, lease)
        self._engine = self._database.engine
        self.name = self._database.name
        self._claims: str | None = None

    def _made(self, url: str, lease: float) -> Database:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return Sqlite(parsed)
        if parsed.get_backend_name() == "postgresql":
            from hub.store.postgres import Postgres  # noqa: PLC0415  most stores do without it

            return Postgres(parsed, lease, self._thread.submit)
        raise BadConfigError(
            f"`store` names the database {parsed.get_backend_name()}, which the hub does not "
            "know: use `sqlite:///hub.db` or `postgresql://...`."
        )

    def exists(self) -> bool:
        """Whether a hub made its tables there already; nothing is made.

        Raises:
            RetryableError: the database can't be reached.
        """
        return self._database.exists()

    async def open(self) -> "Store":
        """Make or update the tables.

        Raises:
            BadConfigError: the database can't be used, or is none of ours.
            RetryableError: it can't be reached now.
        """
        try:
            await self._call(self._database.open)
        except BaseException:
            await self._call(self._engine.dispose)
            raise
        return self

    def claiming(self, lease: str) -> "Store":
        """The same store; each of its transactions first checks that this lease is still ours.

        Its `write` raises StreamLostError, and stores nothing, when another process has it.
        """
        one = copy.copy(self)
        one._claims = lease  # noqa: SLF001  our own copy
        return one

    async def write(
        self, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(tx, ...)` in one transaction: all of it is stored, or nothing.

        Raises:
            StoreLostError: this process owned the store and another one took it.
            StoreBrokenError: the store is damaged.
            StoreDownError: the database went away or has no room; nothing is stored, or its answer
                was lost.
        """
        return await self._call(self._in_transaction, work, *args, **kwargs)

    read = write  # a reader takes its turn in the same thread

    def _in_transaction(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        try:
            with self._engine.begin() as tx:
                if self._claims is not None:
                    leases.claim(tx, self._claims)
                return work(tx, *args, **kwargs)
        except sa.exc.DBAPIError as error:
            fault = self._database.fault(error)
            if fault is error:
                raise
            raise fault from error

    async def _call(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(*args, **kwargs))

    def _now(self, work: Callable[[], T]) -> T:
        return self._thread.submit(work).result()

    async def close(self) -> None:
        """Give up ownership and close the connections."""
        await self._call(self._database.disown)
        await self._call(self._engine.dispose)
        self._thread.shutdown(wait=True)

    @property
    def process(self) -> str | None:
        """This process among several that may share the store; None where nobody shares."""
        return self._database.process

    @property
    def guest(self) -> bool:
        """Whether this process takes leases one by one, for the work at hand, as `own` says."""
        return self._database.guest

    async def scrub(self, *tables: str) -> bool:
        """After something was forgotten: leave as little of it in files as goes.

        SQLite overwrites rows, and its log is emptied; PostgreSQL reuses the room in time.

        Args:
            tables: small ones that PostgreSQL writes anew at once.

        Returns:
            False: another process reads the store now, so that some of it is left.
        """
        return await self._call(self._database.scrub, tables)

    def own(self, mark: str | None = None, *, guest: bool = False) -> None:
        """Take the store for this process: on SQLite by a lock, on PostgreSQL by a lease.

        Args:
            mark: on PostgreSQL processes that give the same mark share the store, and `balance`
                says what this one owns; None: share it with nobody.
            guest: on PostgreSQL: for one piece of work, beside others like it. It owns what it
                takes by `borrow`, and answers no requests.

        Raises:
            StoreInUseError: another process has it, or for a guest: one that answers requests;
                the message names that process.
        """
        self._now(lambda: self._database.own(mark, guest=guest))

    def balance(self, tx: Tx, able: Collection[str], busy: Collection[str] = ()) -> Share:
        """Inside a transaction: take a fair share of what is free; all of it where nobody shares.

        Args:
            able: leases (`instance:ID`, `target:ID`) that this process can work under.
            busy: those that it can't give away now.
        """
        return self._database.balance(tx, able, busy)

    def borrow(self, tx: Tx, name: str) -> Mapping[str, Any] | None:
        """Inside a transaction: take this lease.

        Returns:
            None when it is ours, else what is known of the process that has it.
        """
        return self._database.borrow(tx, name)

    def processes(self, tx: Tx) -> list[dict[str, Any]]:
        """Inside a transaction: who takes part and owns what; empty where nobody shares."""
        return self._database.processes(tx)

    def disown(self) -> None:
        """Give the store back."""
        self._now(self._database.disown)

    def holder(self) -> str:
        """Who owns the store, in words."""
        return self._now(self._database.holder)

    def in_use(self) -> bool:
        """Whether another process owns the store now."""
        return self._now(self._database.in_use)

    def is_served(self) -> bool:
        """Whether another process is there that may answer requests."""
        return self._now(self._database.is_served)

    async def shadow(self) -> "Store":
        """A throw-away copy in a SQLite file, for a preview that changes nothing."""
        folder = Path(tempfile.mkdtemp(prefix="hub-plan-"))
        path = folder / "plan.db"
        try:
            await self._call(self._database.copy_to, path)
            return await _Shadow(f"sqlite:///{path}", folder).open()
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


class _Shadow(Store):
    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url)
        self._folder = folder

    async def close(self) -> None:
        await super().close()
        shutil.rmtree(self._folder, ignore_errors=True)
