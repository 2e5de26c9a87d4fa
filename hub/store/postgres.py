"""PostgreSQL: connections, transactions that take turns, faults in words, and a lease."""

import contextlib
import ssl
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.errors import BadConfigError
from hub.store import lease as leases
from hub.store.copying import copy
from hub.store.database import Share, StoreDownError, Tx
from hub.store.membership import Membership
from hub.store.migrate import current, upgrade

TURN = 0x687562  # any fixed number: the advisory lock that says whose turn it is
SILENCE = 10_000  # milliseconds inside a transaction; then the server ends a session that sleeps
PATIENCE = 20_000  # milliseconds to wait for a turn; longer than the silence of whoever has it
HERE = ("localhost", "127.0.0.1", "::1")
BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")

_TIMEOUTS = {
    "application_name": "intranet-hub",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
_MEND = ("authentication failed", "does not exist", "no pg_hba.conf entry", "certificate")


class Postgres:
    """A database by URL (`postgresql://user:password@host/hub`), through psycopg 3.

    Transactions of all processes take turns, as on SQLite: none ever sees half of another.

    Args:
        url: with the password.
        seconds: how long a lease lasts.
        submit: runs something in the store's own thread.
    """

    def __init__(
        self, url: sa.URL, seconds: float, submit: Callable[[Callable[[], None]], Any]
    ) -> None:
        self.name = _named(url)
        self._password = url.password or ""
        self._seconds = seconds
        self._submit = submit
        self._member: Membership | None = None
        self.engine = _engine(url)
        sa.event.listen(self.engine, "begin", self._begin)

    def _begin(self, connection: sa.Connection) -> None:
        if connection.get_execution_options().get("only_looks"):
            return
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({TURN})")
        if self._member is not None:
            self._member.check(connection)

    @property
    def process(self) -> str | None:
        """This process among those that share the database, while it takes part."""
        return self._member.id if self._member is not None else None

    @property
    def guest(self) -> bool:
        """Whether this process takes leases one by one, for the work at hand."""
        return self._member is not None and self._member.guest

    def exists(self) -> bool:
        """Whether the tables are there.

        Raises:
            StoreDownError: the database can't be reached.
        """
        try:
            with self._said(), self._looking() as tx:
                return current(tx) is not None
        finally:
            self.engine.dispose()  # often asked by a store that is thrown away

    @contextlib.contextmanager
    def _looking(self) -> Iterator[sa.Connection]:
        """A transaction that sees one moment, writes nothing and holds up nobody."""
        with self.engine.connect() as connection:
            yield connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True, only_looks=True
            )

    def open(self) -> None:
        """Make or update the tables.

        Raises:
            BadConfigError: the login is refused, or the user may not make tables.
            StoreDownError: the database can't be reached now.
        """
        try:
            with self._said(), self.engine.begin() as tx:
                upgrade(tx)
        except sa.exc.ProgrammingError as error:
            raise BadConfigError(
                f"The {self.name} does not let the hub make its tables ({self._short(error)}): "
                "let the hub's user own that database (`alter database ... owner to ...`)."
            ) from error

    @contextlib.contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            if isinstance(error, sa.exc.ProgrammingError):
                raise
            text = self._short(error)
            if any(words in text for words in _MEND):
                raise BadConfigError(
                    f"The {self.name} refuses the hub ({text}): correct `store`, or make the user "
                    "and the database."
                ) from error
            raise self.fault(error) from error

    def fault(self, error: sa.exc.DBAPIError) -> Exception:
        """A server that is away or busy is said in words; anything else is the error as it is."""
        passing = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
        if not (passing or error.connection_invalidated):
            return error
        return StoreDownError(
            f"The {self.name} can't be reached, or broke off ({self._short(error)}): nothing of "
            "this step is kept. See that PostgreSQL runs and can be reached from here."
        )

    def _short(self, error: sa.exc.DBAPIError) -> str:
        """The driver's words in one line, without the password."""
        text = " ".join(str(error.orig).split())
        return text.replace(self._password, "***") if self._password else text

    def own(self, mark: str | None, *, guest: bool = False) -> None:
        """Take part, and show it from now on.

        Args:
            mark: what all that share the database must agree on; None: share it with nobody.
            guest: for one piece of work, beside other guests only.

        Raises:
            StoreInUseError: another process is there; the message names it.
        """
        member = Membership(self.name, self._seconds, self._soon, guest=guest)
        with self._said(), self.engine.begin() as tx:
            upgrade(tx)
            member.join(tx, mark)
        member.start()
        self._member = member
        self.engine.update_execution_options(**{leases.OWNER: member.id})

    def balance(self, tx: Tx, able: Collection[str], busy: Collection[str]) -> Share:
        """A fair share of what is free; all of it while this process does not take part."""
        if self._member is None:
            return Share(frozenset(able))
        return self._member.balance(tx, able, busy)

    def borrow(self, tx: Tx, name: str) -> Mapping[str, Any] | None:
        """Take this lease; if it is not free, what is known of the process that has it."""
        return None if self._member is None else self._member.borrow(tx, name)

    def processes(self, tx: Tx) -> list[dict[str, Any]]:
        """Who takes part and owns what, as JSON values."""
        return leases.shown(tx)

    def _soon(self) -> None:
        with contextlib.suppress(RuntimeError):  # the store was closed meanwhile
            self._submit(self._renew)

    def _renew(self) -> None:
        member = self._member
        if member is None:
            return
        # a database that is away, or a lease that is lost, is said by the next transaction
        with contextlib.suppress(Exception), self.engine.begin() as tx:
            member.renew(tx)

    def disown(self) -> None:
        """Leave; what can't be given back ends by itself."""
        member, self._member = self._member, None
        if member is None:
            return
        member.stop()
        self.engine.update_execution_options(**{leases.OWNER: None})
        with contextlib.suppress(sa.exc.DBAPIError), self.engine.begin() as tx:
            member.leave(tx)

    def holder(self) -> str:
        """Who takes part, in words."""
        with self._said(), self._looking() as tx:
            return leases.words(leases.members(tx))

    def in_use(self) -> bool:
        """Whether another process takes part now."""
        with self._said(), self._looking() as tx:
            return any(row.name != self.process for row in leases.members(tx))

    def is_served(self) -> bool:
        """Whether a process takes part that answers requests: no guest does."""
        with self._said(), self._looking() as tx:
            others = [row for row in leases.members(tx) if row.name != self.process]
        return any(not leases.is_guest(row.holder) for row in others)

    def scrub(self, tables: Collection[str]) -> bool:
        """Write these anew; of others the room is reused in time. The server's log keeps them."""
        how = {"isolation_level": "AUTOCOMMIT", "only_looks": True}
        with self._said(), self.engine.connect() as connection:
            plain = connection.execution_options(**how)
            for table in tables:
                name = self.engine.dialect.identifier_preparer.quote(table)
                plain.exec_driver_sql(f"VACUUM (FULL) {name}")
        return True

    def copy_to(self, path: Path) -> None:
        """Copy every table but the lease, as they are at one moment."""
        with self._said(), self._looking() as tx:
            copy(tx, path)


def _named(url: sa.URL) -> str:
    host = url.host or url.query.get("host") or "this machine"
    return f"PostgreSQL database {url.database} on {host}" + (f":{url.port}" if url.port else "")


def _engine(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={
            name: value for name, value in (_TIMEOUTS | trust(url)).items() if name not in url.query
        },
        hide_parameters=True,
        max_overflow=1,
        pool_pre_ping=True,
        pool_size=1,
    )
    sa.event.listen(engine, "connect", _set_up)
    return engine


def trust(url: sa.URL) -> dict[str, str]:
    """How the server is verified: always, except on this machine.

    The CA is the one that the URL names (`sslrootcert`), else those that this machine trusts.
    """
    if not url.host or url.host in HERE:
        return {}
    own = ssl.get_default_verify_paths().cafile
    found = [one for one in (own, *BUNDLES) if one is not None and Path(one).is_file()]
    return {"sslmode": "verify-full", "sslrootcert": found[0] if found else "system"}


def _set_up(connection: Any, _record: Any) -> None:
    connection.autocommit = True
    connection.execute(f"set idle_in_transaction_session_timeout = {SILENCE}")
    connection.execute(f"set lock_timeout = {PATIENCE}")
    connection.autocommit = False
