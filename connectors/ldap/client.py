"""A directory: one connection, searches in pages, entries by their keys, what changed since.

Synchronous: the connector calls it in a worker thread, one call at a time. Knows no events.

Facts: Active Directory answers 1,000 entries per page and 1,500 values per attribute by default;
objectGUID is little-endian, entryUUID is text; an entry's name (dn) changes when it is moved.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

import ldap3
from ldap3.core.exceptions import LDAPExceptionError

from connectors.ldap.access import Access, Address, Method, addresses
from connectors.ldap.ber import DecodeError, inside, integer, octets, sequence
from connectors.ldap.decode import Done, Entry, Note
from connectors.ldap.dial import dial, hang_up
from connectors.ldap.escape import raw
from connectors.ldap.faults import NO_SUCH_OBJECT, SUCCESS, broke_off, ended, garbled, too_large
from connectors.ldap.frames import EndedError, TooLargeError
from connectors.ldap.reader import PAGING, DirectoryReader, FastReader, PlainReader, Question, Scope
from connectors.ldap.root import Root, root_of
from hub.errors import HubError, RetryableError

SHOW_DELETED = "1.2.840.113556.1.4.417"
ANYTHING = "(objectClass=*)"
KEYS = 100  # per search: a filter stays far below every server's limits
_RANGE = re.compile(r"(?P<name>.+);range=(?P<first>\d+)-(?P<last>\d+|\*)", re.IGNORECASE)

Page = list[Entry]
Pages = Iterator[Page]
T = TypeVar("T")


class DirectoryClient:
    """One account on one directory. No network before the first call.

    Args:
        access: how to get in.
        log: a bound structured logger; None: nobody listens.
        fast: False: read with ldap3's own reader only.
    """

    def __init__(self, access: Access, log: Any = None, *, fast: bool = True) -> None:
        self._access = access
        self._log = log
        self._addresses = addresses(access)
        self._plain = PlainReader()
        sealed = access.method in {Method.GSSAPI, Method.NTLM}
        self._reader: DirectoryReader = (
            FastReader(access.max_message) if fast and not sealed else self._plain
        )
        self._connection: ldap3.Connection | None = None
        self._address: Address = self._addresses[0]
        self._used = False

    def connect(self) -> None:
        """Open, encrypt and bind, unless that is done already.

        Raises:
            BadConfigError: the certificate is not trusted, or the way of logging in can't work.
            AuthFailedError: the account was refused; it was tried once, on one server.
            RetryableError: no server can be reached.
        """
        self._connected()

    def _connected(self) -> ldap3.Connection:
        if self._connection is None:
            self._connection, self._address = self._open()
            self._used = False
        return self._connection

    def _open(self) -> tuple[ldap3.Connection, Address]:
        missed: list[RetryableError] = []
        for address in self._addresses:
            try:
                return dial(self._access, address), address
            except RetryableError as error:
                missed.append(error)
        raise missed[-1]

    def close(self) -> None:
        """Hang up; the next call opens a connection again."""
        if self._connection is not None:
            hang_up(self._connection)
        self._connection, self._used = None, False

    def root(self) -> Root:
        """What the server says about itself."""
        found = self.one("", ("*", "+"))
        return root_of(found.values if found is not None else {})

    def entries(
        self,
        base: str,
        condition: str,
        attributes: Sequence[str],
        scope: Scope = Scope.SUBTREE,
        *,
        deleted: bool = False,
    ) -> Pages:
        """Entries page by page; a page is read only when it is asked for.

        Args:
            base: where to look.
            condition: a filter; values in it are escaped by `escape.text`.
            attributes: what to read; nothing else is asked for.
            scope: how far below the base.
            deleted: also tombstones (Active Directory).

        Raises:
            BadConfigError: base or filter can't be right.
            PermissionMissingError: the account may not read all of it.
            RetryableError: the reading is incomplete; nothing may be concluded from it.
        """
        controls = ((SHOW_DELETED, True, None),) if deleted else ()
        asked = Question(base, condition, tuple(attributes), scope, controls)
        cookie: bytes | None = b""
        first = True
        while cookie is not None:
            page, done = self._collect(_paged(asked, self._access.page_size, cookie), again=first)
            if done.code != SUCCESS:
                raise ended(self._address, done, base)
            cookie, first = _next_page(done), False
            yield [self._completed(each) for each in page]

    def one(self, dn: str, attributes: Sequence[str], *, deleted: bool = False) -> Entry | None:
        """The entry of that name; None: there is none, or this account can't see it."""
        found = self._one(dn, attributes, deleted=deleted)
        return None if found is None else self._completed(found)

    def _one(self, dn: str, attributes: Sequence[str], *, deleted: bool = False) -> Entry | None:
        controls = ((SHOW_DELETED, True, None),) if deleted else ()
        asked = Question(dn, ANYTHING, tuple(attributes), Scope.BASE, controls)
        found, done = self._collect(asked)
        if done.code == NO_SUCH_OBJECT:
            return None
        if done.code != SUCCESS:
            raise ended(self._address, done, dn)
        return found[0] if found else None

    def by_key(
        self, key: UUID, attributes: Sequence[str], bases: Sequence[str] = ()
    ) -> Entry | None:
        """The entry of that key below the bases; None: none that this account can see there."""
        for page in self.by_keys([key], attributes, bases):
            if page:
                return page[0]
        return None

    def by_keys(
        self, keys: Iterable[UUID], attributes: Sequence[str], bases: Sequence[str] = ()
    ) -> Pages:
        """The entries of those keys below the bases (default: everywhere); who isn't there is missing."""
        root, wanted = self.root(), list(keys)
        for start in range(0, len(wanted), KEYS):
            some = "".join(root.is_key(each) for each in wanted[start : start + KEYS])
            for base in bases or root.contexts:
                yield from self.entries(base, f"(|{some})", attributes)

    def tombstone(self, key: UUID) -> Entry | None:
        """Active Directory: what is left of a deleted object; None: none that this account can see."""
        root = self.root()
        condition = f"(&(isDeleted=TRUE)(objectGUID={raw(key.bytes_le)}))"
        attributes = ("objectGUID", "isDeleted", "lastKnownParent", "sAMAccountName")
        for page in self.entries(root.contexts[0], condition, attributes, deleted=True):
            if page:
                return page[0]
        return None

    def ask(self, question: Question, take: Callable[[Entry | Note], None]) -> Done:
        """Ask one question, whatever its controls; each answer is handed to `take` as it comes.

        Raises:
            RetryableError: the answer is incomplete.
        """
        return self._guarded(lambda reader: _drained(reader, self._connected(), question, take))

    def _collect(self, question: Question, *, again: bool = True) -> tuple[Page, Done]:
        """One whole answer. Nothing was handed over yet, so that it may be asked twice.

        A connection that slept may have been closed by the server meanwhile: a new one is tried
        once. What our reader can't read, ldap3's reads, now and from now on.
        """
        for _ in range(2 if again else 0):
            slept, reader = self._used, self._reader
            page: Page = []
            try:
                return page, self.ask(question, lambda found: _kept(page, found))  # noqa: B023 - called at once
            except RetryableError as error:
                cause = error.__cause__
                if not slept and not (isinstance(cause, DecodeError) and reader is not self._plain):
                    raise
        page = []
        return page, self.ask(question, lambda found: _kept(page, found))

    def _guarded(self, work: Callable[[DirectoryReader], T]) -> T:
        self.connect()
        try:
            found = work(self._reader)
        except HubError:
            self.close()
            raise
        except DecodeError as error:
            self._fall_back()
            raise garbled(self._address, error) from error
        except TooLargeError as error:
            self.close()
            raise too_large(self._address, error) from error
        except (EndedError, LDAPExceptionError, OSError) as error:
            self.close()
            raise broke_off(self._address, error) from error
        self._used = True
        return found

    def _fall_back(self) -> None:
        self.close()
        if self._reader is not self._plain and self._log is not None:
            self._log.warning("fast_reader_given_up", directory=str(self._address))
        self._reader = self._plain

    def _completed(self, entry: Entry) -> Entry:
        """An entry with all values of attributes that the server hands over in parts."""
        parts = [name for name in entry.values if ";range=" in name.lower()]
        if not parts:
            return entry
        values = {name: found for name, found in entry.values.items() if name not in parts}
        for part in parts:
            name, found = self._ranged(entry, part)
            values[name] = found
        return replace(entry, values=values)

    def _ranged(self, entry: Entry, part: str) -> tuple[str, list[bytes]]:
        found = list(entry.values[part])
        match = _RANGE.fullmatch(part)
        while match is not None and match["last"] != "*":
            name, start = match["name"], int(match["last"]) + 1
            more = self._one(entry.dn, (f"{name};range={start}-*",))
            match, values = _part(more, name, start)
            found += values
        if match is None:
            raise RetryableError(
                f"{self._address} handed over only a part of {part.partition(';')[0]} "
                f"of {entry.dn}; the reading is incomplete."
            )
        return match["name"], found


def _drained(
    reader: DirectoryReader,
    connection: ldap3.Connection,
    question: Question,
    take: Callable[[Entry | Note], None],
) -> Done:
    found = reader.search(connection, question)
    while True:
        try:
            take(next(found))
        except StopIteration as end:
            done: Done = end.value
            return done


def _kept(page: Page, found: Entry | Note) -> None:
    if isinstance(found, Entry):
        page.append(found)


def _paged(question: Question, size: int, cookie: bytes) -> Question:
    value = sequence(integer(size), octets(cookie))
    return replace(question, controls=(*question.controls, (PAGING, False, value)))


def _next_page(done: Done) -> bytes | None:
    """The cookie of the next page; None: that was the last one, or the server has no pages."""
    if PAGING not in done.controls:
        return None
    try:
        return inside(done.controls[PAGING])[1][1] or None
    except (DecodeError, IndexError) as error:
        raise RetryableError("The directory's answer does not tell the next page.") from error


def _part(entry: Entry | None, name: str, start: int) -> tuple[re.Match[str] | None, list[bytes]]:
    """The part of an attribute's values from a position on."""
    for found, values in entry.values.items() if entry is not None else ():
        match = _RANGE.fullmatch(found)
        if (
            match is not None
            and match["name"].lower() == name.lower()
            and int(match["first"]) == start
        ):
            return match, values
    return None, []
