"""A directory: people every 15 minutes with deltas between, groups where they are chosen."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from pydantic import BaseModel

from connectors.ldap import check, groups, mapping, people
from connectors.ldap.access import Access, Method
from connectors.ldap.settings import Deltas, LdapSettings, Protection
from connectors.ldap.threads import in_thread
from connectors.ldap.visit import Directory, Visit
from hub.contract import (
    Batch,
    Connector,
    Context,
    Finding,
    Gone,
    Present,
    ReadRequest,
    Record,
    Stream,
    Unknown,
    Unreadable,
)
from hub.errors import AuthFailedError, BadConfigError, HubError, RetryableError
from hub.events.base import Family

PEOPLE, GROUPS = "people", "groups"
SWEEP, DELTA = timedelta(minutes=15), timedelta(minutes=1)
PATIENCE = timedelta(minutes=9)  # after a refused login: two streams share one account
IDLE = timedelta(seconds=30)  # a connection that only looks up is not kept for longer
WITH_PHOTOS = 100  # entries per page, so that few pictures are in memory at once
LOOK_UPS = 5000  # in one run; each takes about a millisecond

Make = Callable[[Access, Any], Directory]
T = TypeVar("T")
Found = Record | Gone | Unreadable | None


class LdapConnector(Connector[LdapSettings]):
    """Reads the accounts, groups and memberships of Active Directory, OpenLDAP and the like."""

    name: ClassVar[str] = "ldap"
    settings: ClassVar[type[BaseModel]] = LdapSettings

    def __init__(self, config: LdapSettings, context: Context, make: Make | None = None) -> None:
        super().__init__(config, context)
        self._make = make or _client
        self._clients: dict[str, Directory] = {}
        self._door = threading.Lock()  # two streams must not both try a wrong password
        self._asking = _Asking(self._open, context.now)
        self._refused: tuple[AuthFailedError, datetime] | None = None

    def streams(self) -> Sequence[Stream]:
        """The people; and the groups, where they are chosen."""
        found = [_people(self.config.deltas)]
        if self.config.groups is not None:
            families = frozenset({Family.GROUP, Family.MEMBERSHIP})
            found.append(Stream(GROUPS, families, every=SWEEP, look_ups=LOOK_UPS))
        return found

    async def check(self) -> Sequence[Finding]:
        """Connection, login, vendor, bases, how many people, attributes, rights."""
        return await asyncio.to_thread(check.findings, self.config, self._open)

    async def read(self, request: ReadRequest) -> AsyncIterator[Batch]:
        """Everything in scope or what changed, a batch per page; the last one finishes it.

        Raises:
            BadConfigError, AuthFailedError, PermissionMissingError, RetryableError: it could not
                be read completely, so nothing may be concluded from what is missing.
            RejectedError: the directory does not know a delta's position any more.
        """
        await self._asking.close()  # what was looked up before this is old
        batches = self._batches(request)
        try:
            async for batch in in_thread(batches):
                yield batch
        finally:
            batches.close()  # type: ignore[attr-defined]  # a generator: hangs up

    async def look_up(self, family: Family, key: str) -> Present | Gone | Unknown:
        """What the directory says about one person, group or membership now.

        Raises:
            PermissionMissingError: a base can't be read, so nothing can be said.
            RetryableError: the entry can't be understood.
        """
        if family == Family.MEMBERSHIP:
            return await self._membership(key)
        ask = people.look_up if family == Family.PERSON else groups.look_up
        known = _uuid(key)
        if known is None:
            return Unknown()
        return _answer(key, await self._asking.ask(lambda burst: ask(burst.visit, known)))

    async def close(self) -> None:
        """Hang up."""
        await self._asking.close()

    def _batches(self, request: ReadRequest) -> Iterator[Batch]:
        if request.stream not in {one.name for one in self.streams()}:
            raise BadConfigError(f"The directory has no stream {request.stream}.")
        visit = self._open(request.stream)
        try:
            if request.stream == GROUPS:
                yield from groups.sweep(visit)
            elif request.reading == "delta":
                yield from people.delta(visit, request.since)
            else:
                yield from people.sweep(visit)
        finally:
            visit.client.close()

    async def _membership(self, key: str) -> Present | Gone | Unknown:
        group, _, member = key.partition("/")
        seen = await self._asking.ask(lambda burst: burst.picture())
        if (direct := seen.members.get(group, {}).get(member)) is not None:
            place = self.context.instance
            return Present(mapping.membership(group, member, place, direct=direct))
        for family, one, known in (
            (Family.GROUP, group, group in seen.members),
            (Family.PERSON, member, member in seen.people),
        ):
            answer = None if known else await self.look_up(family, one)
            if answer is not None and not isinstance(answer, Present):
                return answer
        return Gone("left the group")

    def _open(self, purpose: str = "") -> Visit:
        """A visit; after a refused login none for some minutes, so that nobody is locked out.

        Each purpose has a client of its own, which remembers where deltas are while it lives.

        Raises:
            HubError: see `DirectoryClient`.
        """
        with self._door:
            if self._refused is not None and self.context.now() < self._refused[1]:
                raise self._refused[0]
            client = self._client(purpose)
            try:
                return Visit(client, self.config, self.context.instance)
            except AuthFailedError as error:
                self._refused = error, self.context.now() + PATIENCE
                client.close()
                raise
            except BaseException:
                client.close()
                raise

    def _client(self, purpose: str) -> Directory:
        if purpose not in self._clients:
            made = self._make(access(self.config, self.context), self.context.log)
            self._clients[purpose] = made
        return self._clients[purpose]


def _people(deltas: Deltas) -> Stream:
    families = frozenset({Family.PERSON})
    if deltas is Deltas.OFF:
        return Stream(PEOPLE, families, every=SWEEP, look_ups=LOOK_UPS)
    return Stream(PEOPLE, families, every=DELTA, sweep_every=SWEEP, look_ups=LOOK_UPS)


def access(config: LdapSettings, context: Context) -> Access:
    """How to get in."""
    clear = config.protection is Protection.NONE
    return Access(
        urls=config.urls,
        bind=config.bind,
        password=config.password.get_secret_value() if config.password else "",
        method=config.method,
        keytab=config.keytab,
        start_tls=not clear and config.method is not Method.EXTERNAL,
        ca_file=context.http.options.ca_file,
        clear_text=clear,
        page_size=min(config.page_size, WITH_PHOTOS) if config.photos else config.page_size,
    )


def _client(access: Access, log: Any) -> Directory:
    from connectors.ldap.client import DirectoryClient  # noqa: PLC0415  ldap3 is slow to import

    return DirectoryClient(access, log)


def _uuid(key: str) -> UUID | None:
    try:
        return UUID(key)
    except ValueError:
        return None


def _answer(key: str, found: Found) -> Present | Gone | Unknown:
    if isinstance(found, Unreadable):
        raise RetryableError(f"The entry {key} can't be understood: {found.reason}.")
    if found is None or isinstance(found, Gone):
        return found or Unknown()
    return Present(found)


class _Burst:
    """A visit for look-ups in a row, and what it saw of the groups."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self._picture: groups.Picture | None = None

    def picture(self) -> groups.Picture:
        """Who is in which group; read once."""
        if self._picture is None:
            self._picture = groups.picture(self.visit)
        return self._picture


class _Asking:
    """One connection for look-ups that come in a row: one at a time, closed when it has slept."""

    def __init__(self, open_: Callable[[], Visit], now: Callable[[], datetime]) -> None:
        self._open, self._now = open_, now
        self._lock = asyncio.Lock()
        self._burst: _Burst | None = None
        self._since = now()

    async def ask(self, work: Callable[[_Burst], T]) -> T:
        """Do this with the connection, in a thread."""
        async with self._lock:
            return await asyncio.to_thread(self._work, work)

    async def close(self) -> None:
        """Hang up."""
        async with self._lock:
            self._hang_up()

    def _work(self, work: Callable[[_Burst], T]) -> T:
        if self._burst is None or self._now() - self._since > IDLE:
            self._hang_up()
            self._burst, self._since = _Burst(self._open()), self._now()
        try:
            return work(self._burst)
        except HubError:
            self._hang_up()
            raise

    def _hang_up(self) -> None:
        if self._burst is not None:
            self._burst.visit.client.close()
        self._burst = None
