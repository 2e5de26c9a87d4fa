"""SQLite: one file, and a lock of the operating system on it."""

import json
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import Any

import filelock
import sqlalchemy as sa

from hub.errors import BadConfigError
from hub.store import direct
from hub.store.database import (
    Share,
    StoreBrokenError,
    StoreDownError,
    StoreInUseError,
    Tx,
    in_words,
    me,
)
from hub.store.migrate import upgrade

_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}


class Sqlite:
    """A database in a file, by URL (`sqlite:///path/hub.db`)."""

    process: str | None = None  # nobody shares a file
    guest = False

    def __init__(self, url: sa.URL) -> None:
        if not url.database:
            raise BadConfigError("`store` names no file: write `sqlite:///hub.db`.")
        self.path = Path(url.database)
        self.name = str(self.path)
        self.engine = _engine(url)
        sa.event.listen(self.engine, "begin", self._begin)
        self._file: tuple[int, int] | None = None  # device and number of the file that is open
        self._lock: filelock.FileLock | None = None

    def exists(self) -> bool:
        """Whether the file is there."""
        return self.path.exists()

    def open(self) -> None:
        """Make or update the tables.

        Raises:
            BadConfigError: the file can't be opened or is no database of ours.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self.path.exists():
                self.path.touch(mode=0o600)  # it holds the tiles' addresses, their only key
            else:
                self._refuse_emptied()
            with self.engine.begin() as tx:
                upgrade(tx)
        except sa.exc.DatabaseError as error:
            raise self._unreadable("opened", error.orig) from error
        except OSError as error:
            raise BadConfigError(
                f"The store {self.path} or its folder can't be made: check `store` and the rights "
                f"of its folder ({error.strerror})."
            ) from error

    def fault(self, error: sa.exc.DBAPIError) -> Exception:
        """Damaged, no room, no right, no answer of the disk: in words; anything else as it is."""
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        if code in _BROKEN or "Could not decode to UTF-8" in str(error.orig):
            return StoreBrokenError(
                f"The store {self.path} is damaged ({error.orig}): nothing of this step is kept, "
                "and the hub stops. See to the disk, put a backup back, and start the hub again."
            )
        if code == sqlite3.SQLITE_FULL:
            return StoreDownError(
                f"The disk that holds the store {self.path} is full: nothing of this step is kept. "
                "Make room; a running hub goes on by itself."
            )
        if code not in _PASSING:
            return error
        return StoreDownError(
            f"The store {self.path} can't be used now ({error.orig}): nothing of this step is "
            "kept. See to the disk and the folder's rights; a running hub goes on by itself."
        )

    def _begin(self, connection: sa.Connection) -> None:
        self._check_file()
        direct.run(connection, "BEGIN IMMEDIATE")

    def _check_file(self) -> None:
        """What is written into a file that lost its name would be lost without a sound."""
        try:
            found = self.path.stat()
        except OSError as error:
            raise StoreDownError(
                f"The store {self.path} was removed or renamed under the hub ({error.strerror}): "
                "nothing is written now. Put that very file back and the hub goes on; or stop the "
                "hub, put a backup back, and start it."
            ) from error
        file = (found.st_dev, found.st_ino)
        if self._file not in {None, file}:
            raise StoreDownError(
                f"The store {self.path} was replaced by another file under the hub: nothing is "
                "written now. Restart the hub, so that it works on the new file."
            )
        self._file = file

    def own(self, mark: str | None, *, guest: bool = False) -> None:
        """Take the store for this process: an operating-system lock, gone with the process.

        Args:
            mark: of no use here, as nobody shares a file.
            guest: neither.

        Raises:
            StoreInUseError: another process has it; the message names that process.
        """
        del mark, guest
        lock = filelock.FileLock(self._lock_path(), timeout=0, thread_local=False)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except filelock.Timeout as error:
            raise StoreInUseError(
                f"The store {self.path} is in use by {self.holder()}: one hub owns a store. Stop "
                "that one first, or use `hub sync`, which asks the running hub."
            ) from error
        except OSError as error:
            raise BadConfigError(
                f"The store {self.path} can't be locked ({error.strerror}): let the account that "
                "runs the hub write in its folder."
            ) from error
        self._lock = lock
        try:
            self._holder_path().write_text(json.dumps(me()), encoding="utf-8")
        except OSError:  # a full disk: it says only who holds the lock
            self._holder_path().unlink(missing_ok=True)

    def balance(self, tx: Tx, able: Collection[str], busy: Collection[str]) -> Share:
        """All of it: nobody shares a file."""
        del tx, busy
        return Share(frozenset(able))

    def borrow(self, tx: Tx, name: str) -> None:
        """Nobody shares a file: it is ours."""
        del tx, name

    def processes(self, tx: Tx) -> list[dict[str, Any]]:
        """None: nobody shares a file."""
        del tx
        return []

    def disown(self) -> None:
        """Give the store back."""
        if self._lock is not None:
            self._holder_path().unlink(missing_ok=True)
            self._lock.release()
            self._lock = None

    def holder(self) -> str:
        """Who owns the store, in words."""
        try:
            return in_words(json.loads(self._holder_path().read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return "another hub"

    def in_use(self) -> bool:
        """Whether another process owns the store now."""
        if self._lock is not None:
            return False
        try:
            self.own(None)
        except StoreInUseError:
            return True
        self.disown()
        return False

    def is_served(self) -> bool:
        """Whether another process owns the store now: it may answer, or end soon."""
        return self.in_use()

    def scrub(self, tables: Collection[str]) -> bool:
        """Write the log back and empty it: it holds the rows as they were."""
        del tables
        connection = sqlite3.connect(self.path)
        try:
            (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:
            return False  # another one reads: whoever is the last to close it empties it
        finally:
            connection.close()
        return not busy

    def copy_to(self, path: Path) -> None:
        """Let SQLite copy itself, while others write.

        Raises:
            BadConfigError: the file is no database.
        """
        self._refuse_emptied()
        old, new = sqlite3.connect(self.path), sqlite3.connect(path)
        try:
            old.backup(new)
        except sqlite3.DatabaseError as error:
            raise self._unreadable("read", error) from error
        finally:
            old.close()
            new.close()

    def _refuse_emptied(self) -> None:
        """An empty file is a new store, unless a hub worked here before: its lock stays behind.

        At first all of a new store stands in the write-ahead log.
        """
        log = self.path.with_name(self.path.name + "-wal")
        written = any(one.exists() and one.stat().st_size for one in (self.path, log))
        if not written and self._lock_path().exists():
            raise self._unreadable("opened", "it is empty, though a hub worked on it")

    def _unreadable(self, verb: str, error: object) -> BadConfigError:
        return BadConfigError(
            f"The store {self.path} can't be {verb} as a database ({error}): check `store`, the "
            "folder's rights and the disk, or put a backup back."
        )

    def _lock_path(self) -> Path:
        return self.path.with_name(self.path.name + ".lock")

    def _holder_path(self) -> Path:
        return self.path.with_name(self.path.name + ".holder")


def _engine(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url)
    sa.event.listen(engine, "connect", set_up)
    return engine


def set_up(connection: Any, _record: Any) -> None:
    """Make a new connection durable and forgetful; transactions are begun by us alone."""
    connection.isolation_level = None  # we say BEGIN ourselves, so that reads are inside too
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "secure_delete=ON",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "wal_autocheckpoint=4000",  # pages, 16 MB: with 1,000 a quarter of the time went there
    ):
        connection.execute(f"PRAGMA {pragma}")
