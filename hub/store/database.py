"""What the store needs from a database; SQLite and PostgreSQL each give it their own way."""

import contextlib
import os
import socket
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from hub.errors import RetryableError, StreamLostError
from hub.store import direct

Tx = sa.Connection


class StoreInUseError(RetryableError):
    """Another hub owns the store; the message names it."""


class StoreDownError(RetryableError):
    """The store can't be used now; nothing of this step is kept, and no source is to blame."""


class StoreBrokenError(StreamLostError):
    """The store is damaged: whoever works on it stops, and a person puts a backup back."""


class StoreLostError(StreamLostError):
    """This process as a whole owns nothing any more: it must end."""


@dataclass(frozen=True, slots=True)
class Share:
    """What a process owns.

    Attributes:
        held: leases, `instance:ID` and `target:ID`.
        surplus: those of them that another process should rather have.
        members: the processes that share the store; empty where nobody shares.
    """

    held: frozenset[str]
    surplus: tuple[str, ...] = ()
    members: frozenset[str] = frozenset()


class Database(Protocol):
    """One database that can hold the hub's tables. Every call but `exists` is in one thread.

    Attributes:
        engine: begins transactions that see each other one after the other.
        name: in words, without a password.
    """

    engine: sa.Engine
    name: str

    @property
    def process(self) -> str | None:
        """This process among several that share the store; None where nobody shares."""

    @property
    def guest(self) -> bool:
        """Whether this process takes part for one piece of work, as `own` says."""

    def exists(self) -> bool:
        """Whether a hub made its tables there; nothing is made."""

    def open(self) -> None:
        """Make or update the tables.

        Raises:
            BadConfigError: an administrator has to mend something first.
            RetryableError: it can't be reached now.
        """

    def fault(self, error: sa.exc.DBAPIError) -> Exception:
        """What a failed transaction is raised as."""

    def own(self, mark: str | None, *, guest: bool = False) -> None:
        """Take the store for this process, or a part in it.

        Args:
            mark: where several may share it, what they must agree on; None: share with nobody.
            guest: take no share of what is free: each lease for the work at hand, by `borrow`.

        Raises:
            StoreInUseError: another process has it, or for a guest: one that answers requests;
                the message names that process.
        """

    def balance(self, tx: Tx, able: Collection[str], busy: Collection[str]) -> Share:
        """Take a fair share; all of it where nobody shares."""

    def borrow(self, tx: Tx, name: str) -> Mapping[str, Any] | None:
        """Take this lease; if it is not free, what is known of the process that has it."""

    def processes(self, tx: Tx) -> list[dict[str, Any]]:
        """Who takes part and owns what, as JSON values; empty where nobody shares."""

    def disown(self) -> None:
        """Give the store back, if it is ours."""

    def holder(self) -> str:
        """Who owns the store, in words."""

    def in_use(self) -> bool:
        """Whether another process owns the store now."""

    def is_served(self) -> bool:
        """Whether another process is there that may answer requests."""

    def scrub(self, tables: Collection[str]) -> bool:
        """After something was forgotten: leave as little of it in files as goes.

        Args:
            tables: small ones that are written anew where the database does not overwrite rows.

        Returns:
            False: another one reads now, so that some of it is left.
        """

    def copy_to(self, path: Path) -> None:
        """Write what is stored into a new SQLite file."""


@contextlib.contextmanager
def savepoint(tx: Tx) -> Iterator[None]:
    """What fails inside is undone; the transaction goes on without it."""
    direct.run(tx, "SAVEPOINT inside")
    try:
        yield
    except BaseException:
        tx.exec_driver_sql("ROLLBACK TO SAVEPOINT inside")
        raise
    direct.run(tx, "RELEASE SAVEPOINT inside")


def me() -> dict[str, Any]:
    """This process, as others are told of it."""
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": since}


def in_words(holder: Mapping[str, Any]) -> str:
    """A process that owns a store, as people are told of it."""
    return f"`hub` with pid {holder['pid']} on {holder['host']}, running since {holder['since']}"
