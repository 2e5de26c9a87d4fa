"""A directory: one connection, searches in pages, entries by their keys, what changed since.

Synchronous: the connector calls it in a worker thread, one call at a time. Knows no events.

Facts: Active Directory answers 1,000 entries per page and 1,500 values per attribute by default;
objectGUID is little-endian, entryUUID is text; an entry's name (dn) changes when it is moved.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from connectors.ldap.access import Access
from connectors.ldap.ber import DecodeError, inside, integer, octets, sequence
from connectors.ldap.decode import Done, Entry
from connectors.ldap.deltas import Changes, Deltas
from connectors.ldap.escape import raw
from connectors.ldap.faults import NO_SUCH_OBJECT, SUCCESS, ended
from connectors.ldap.reader import PAGING, Question, Scope
from connectors.ldap.root import Root, root_of
from connectors.ldap.seal import Watched
from connectors.ldap.session import Session
from hub.errors import RetryableError

SHOW_DELETED = "1.2.840.113556.1.4.417"
ANYTHING = "(objectClass=*)"
KEYS = 100  # per search: a filter stays far below every server's limits
_RANGE = re.compile(r"(?P<name>.+);range=(?P<first>\d+)-(?P<last>\d+|\*)", re.IGNORECASE)

Page = list[Entry]
Pages = Iterator[Page]


class DirectoryClient:
    """One account on one directory. No network before the first call.

    Args:
        access: how to get in.
        log: a bound structured logger; None: nobody listens.
        fast: False: read with ldap3's own reader only.
    """

    def __init__(self, access: Access, log: Any = None, *, fast: bool = True) -> None:
        self._session = Session(access, log, fast=fast)
        self._page_size = access.page_size
        self._deltas = Deltas(self._session, self.root, self.by_keys)

    def connect(self) -> None:
        """Open, encrypt and bind, unless that is done already.

        Raises:
            BadConfigError: the certificate is not trusted, or the way of logging in can't work.
            AuthFailedError: the account was refused; it was tried once, on one server.
            RetryableError: no server can be reached.
        """
        self._session.connect()

    def close(self) -> None:
        """Hang up; the next call opens a connection again."""
        self._session.close()

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

        def following(done: Done) -> Question | None:
            more = _next_page(done) if done.code == SUCCESS else None
            return None if more is None else _paged(asked, self._page_size, more)

        cookie: bytes | None = b""
        first = True
        while cookie is not None:
            question = _paged(asked, self._page_size, cookie)
            page, done = self._session.collect(question, again=first, then=following)
            if done.code != SUCCESS:
                raise ended(self._session.address, done, base)
            cookie, first = _next_page(done), False
            yield [self._completed(each) for each in page] if _in_parts(page) else page

    def one(self, dn: str, attributes: Sequence[str], *, deleted: bool = False) -> Entry | None:
        """The entry of that name; None: there is none, or this account can't see it."""
        found = self._one(dn, attributes, deleted=deleted)
        return self._completed(found) if found is not None and _in_parts([found]) else found

    def _one(self, dn: str, attributes: Sequence[str], *, deleted: bool = False) -> Entry | None:
        controls = ((SHOW_DELETED, True, None),) if deleted else ()
        asked = Question(dn, ANYTHING, tuple(attributes), Scope.BASE, controls)
        found, done = self._session.collect(asked)
        if done.code == NO_SUCH_OBJECT:
            return None
        if done.code != SUCCESS:
            raise ended(self._session.address, done, dn)
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
            for base in bases or root.trees:
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

    def mark(self, base: str, condition: str, attributes: Sequence[str]) -> str:
        """The cookie of now, for `changes`; to be taken before a sweep begins.

        The first one makes the directory go through everything; later ones only ask what changed.

        Raises:
            BadConfigError: the directory tells no changes (`Root.tells_changes`).
            PermissionMissingError: this account may not ask for changes.
        """
        return self._deltas.mark(Watched(base, condition, tuple(attributes)))

    def changes(self, base: str, condition: str, attributes: Sequence[str], cookie: str) -> Changes:
        """Who changed since the cookie: to be read again by their keys (`by_keys`).

        Args:
            base: as it was marked.
            condition: as it was marked; of Active Directory without objectCategory, because a
                tombstone has none.
            attributes: as they were marked; Active Directory tells of nothing else.
            cookie: from `mark`, or from the changes before.

        Raises:
            RejectedError: the cookie is of no use any more: a full reading follows.
            PermissionMissingError: this account may not ask for changes.
            RetryableError: the answer is incomplete; the cookie is still good.
        """
        return self._deltas.changes(Watched(base, condition, tuple(attributes)), cookie)

    def _completed(self, entry: Entry) -> Entry:
        """An entry with all values of attributes that the server hands over in parts."""
        parts = [name for name in entry.values if _RANGE.fullmatch(name)]
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
                f"{self._session.address} handed over only a part of {part.partition(';')[0]} "
                f"of {entry.dn}; the reading is incomplete."
            )
        return match["name"], found


def _in_parts(page: Page) -> bool:
    """Whether an attribute of anybody may have come in parts; asked of all at once."""
    return ";" in "".join(set().union(*(each.values for each in page)))


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
