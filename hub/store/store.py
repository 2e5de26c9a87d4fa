"""Opening a store, transactions, and who owns it.

One writer thread: every transaction runs there, one after the other, so that an event loop is
never blocked and SQLite never says that it is locked by ourselves (facts: one by one through async
sessions costs sixteen times as much). A transaction is a function that takes a connection first.
"""

import asyncio
import json
import os
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import filelock
import sqlalchemy as sa

from hub.errors import BadConfigError, RetryableError
from hub.store.migrate import upgrade

P = ParamSpec("P")
T = TypeVar("T")
Tx = sa.Connection


class StoreInUseError(RetryableError):
    """Another hub owns the store; the message names it."""


class Store:
    """One database, by URL (`sqlite:///path/hub.db`)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.path = _sqlite_path(url)
        self._engine = _engine(url)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._lock: filelock.FileLock | None = None

    async def open(self) -> "Store":
        """Make or update the tables.

        Raises:
            BadConfigError: the file can't be opened or is no database of ours.
        """
        await self._call(self._open)
        return self

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._engine.begin() as tx:
                upgrade(tx)
        except sa.exc.DatabaseError as error:
            raise BadConfigError(
                f"The store {self.path} can't be opened as a database ({error.orig}): check "
                "`store`, the folder's rights and the disk, or put a backup back."
            ) from error
        except OSError as error:
            raise BadConfigError(
                f"The folder of the store {self.path} can't be made: check `store` ({error})."
            ) from error

    async def write(
        self, work: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `work(tx, ...)` in one transaction: all of it is stored, or nothing."""
        return await self._call(self._in_transaction, work, *args, **kwargs)

    read = write  # on SQLite a reader takes its turn in the same thread

    def _in_transaction(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        with self._engine.begin() as tx:
            return work(tx, *args, **kwargs)

    async def _call(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(*args, **kwargs))

    async def close(self) -> None:
        """Give up ownership and close the connections."""
        await self._call(self._engine.dispose)
        self._thread.shutdown(wait=True)
        self.disown()

    def own(self) -> None:
        """Take the store for this process: an operating-system lock, gone with the process.

        Raises:
            StoreInUseError: another process has it; the message names that process.
        """
        lock = filelock.FileLock(f"{self.path}.lock", timeout=0)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except filelock.Timeout as error:
            raise StoreInUseError(
                f"The store {self.path} is in use by {self.holder()}: one hub owns a store. Stop "
                "that one first, or use `hub sync`, which asks the running hub."
            ) from error
        self._lock = lock
        self._holder_path().write_text(json.dumps(_me()), encoding="utf-8")

    def disown(self) -> None:
        """Give the store back."""
        if self._lock is not None:
            self._holder_path().unlink(missing_ok=True)
            self._lock.release()
            self._lock = None

    def holder(self) -> str:
        """Who owns the store, in words."""
        try:
            data = json.loads(self._holder_path().read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return "another hub"
        return f"`hub` with pid {data['pid']} on {data['host']}, running since {data['since']}"

    def in_use(self) -> bool:
        """Whether another process owns the store now."""
        if self._lock is not None:
            return False
        try:
            self.own()
        except StoreInUseError:
            return True
        self.disown()
        return False

    async def shadow(self) -> "Store":
        """A throw-away copy, for a preview that changes nothing."""
        folder = Path(tempfile.mkdtemp(prefix="hub-plan-"))
        copy = folder / "plan.db"
        await self._call(_copy, self.path, copy)
        return await _Shadow(f"sqlite:///{copy}", folder).open()

    def _holder_path(self) -> Path:
        return self.path.with_name(self.path.name + ".holder")


class _Shadow(Store):
    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url)
        self._folder = folder

    async def close(self) -> None:
        await super().close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _me() -> dict[str, Any]:
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": since}


def _copy(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()


def _sqlite_path(url: str) -> Path:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise BadConfigError(
            f"`store: {parsed.render_as_string()}` is not supported yet: use "
            "`sqlite:///hub.db`. PostgreSQL is planned."
        )
    return Path(parsed.database)


def _engine(url: str) -> sa.Engine:
    engine = sa.create_engine(url)
    sa.event.listen(engine, "connect", _set_up)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, so that reads are inside too
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "foreign_keys=ON",
        "busy_timeout=10000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
