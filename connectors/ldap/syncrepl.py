"""Content synchronisation of OpenLDAP (RFC 4533, refreshOnly): whose entries changed since a cookie.

Facts, run on OpenLDAP 2.5.13. With a session log the server tells who left (`refreshDeletes`);
without one, or after it was restarted, it lists everybody who is still there, and who is missing
left. That takes knowing who was there: it is kept in memory, and where it is not known a full
reading follows. Who left was deleted, moved out of the base, or is outside the condition now: a
look by its key tells. A branch that is moved is told, the people in it are not. A cookie from the
future is result 53, an unknown one is taken for none at all.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from connectors.ldap.ber import DecodeError, elements, inside, integer, number, octets, tlv
from connectors.ldap.decode import Done, Entry, Note
from connectors.ldap.faults import SUCCESS, ended, useless
from connectors.ldap.reader import Question
from connectors.ldap.root import SYNC, Root
from connectors.ldap.seal import FULL, Watched
from connectors.ldap.session import Session
from hub.errors import RejectedError, RetryableError

STATE, DONE, INFO = (f"1.3.6.1.4.1.4203.1.9.1.{number}" for number in (2, 3, 4))
PRESENT, DELETE = 0, 3
ID_SET = 0xA3
BRANCH_CLASSES = frozenset(
    {"organizationalunit", "organization", "container", "locality", "country", "domain", "dcobject"}
)
BRANCHES = "".join(f"(objectClass={each})" for each in sorted(BRANCH_CLASSES))
ATTRIBUTES = ("objectClass", "createTimestamp")
_MOMENT = re.compile(rb"csn=(\d{14})")

Finder = Callable[[list[UUID], tuple[str, ...]], Iterator[list[Entry]]]


@dataclass(slots=True)
class _Told:
    """What one answer said."""

    changed: set[UUID] = field(default_factory=set)
    branches: list[tuple[UUID, Entry]] = field(default_factory=list)
    present: set[UUID] = field(default_factory=set)
    gone: set[UUID] = field(default_factory=set)
    cookie: bytes = b""
    complete: bool = False  # who is neither present nor changed has left


class SyncRepl:
    """Asks OpenLDAP what changed.

    Args:
        session: asks.
        find: reads entries by their keys, wherever they are.
    """

    def __init__(self, session: Session, find: Finder) -> None:
        self._session = session
        self._find = find
        self._there: dict[Watched, tuple[bytes, frozenset[UUID]]] = {}

    def start(self, _root: Root, watched: Watched) -> list[bytes]:
        """The cookie of now; who is there is remembered."""
        told = self._ask(watched, b"")
        self._there[watched] = (told.cookie, frozenset(told.changed | told.present))
        return [told.cookie]

    def since(
        self, _root: Root, watched: Watched, cookies: list[bytes]
    ) -> tuple[set[UUID], set[UUID], set[UUID], list[bytes]]:
        """Keys of who changed, of who was deleted, of who is elsewhere, and the cookie of now.

        Raises:
            RejectedError: the cookie is of no use, or a branch was moved.
        """
        cookie = cookies[0] if len(cookies) == 1 else b""
        if not cookie:
            raise RejectedError(f"The position in the directory's changes is damaged: {FULL}.")
        told = self._ask(watched, cookie)
        at, there = self._there.get(watched, (b"", frozenset[UUID]()))
        if told.complete:
            if at != cookie:
                raise RejectedError(f"OpenLDAP has forgotten who left since then: {FULL}.")
            told.gone |= there - told.present - told.changed
        left = self._elsewhere(told.gone)
        for _, branch in told.branches:
            _unmoved(branch, cookie)
        if at == cookie:
            self._there[watched] = (told.cookie, (there - told.gone) | told.changed)
        people = told.changed - {key for key, _ in told.branches}
        return people, told.gone - left, left, [told.cookie]

    def _ask(self, watched: Watched, cookie: bytes) -> _Told:
        told = _Told(cookie=cookie)
        value = tlv(0x30, integer(1, 0x0A) + (octets(cookie) if cookie else b""))
        question = Question(
            watched.base,
            f"(|{watched.condition}{BRANCHES})",
            ATTRIBUTES,
            controls=((SYNC, True, value),),
        )
        try:
            done = self._session.ask(question, lambda found: _take(told, found))
            if done.code == SUCCESS:
                _end(told, done, cookie)
                return told
        except (DecodeError, ValueError, KeyError, IndexError) as error:
            self._session.close()
            raise RetryableError(
                "The directory told its changes in a way that is unknown."
            ) from error
        raise (useless if cookie else ended)(self._session.address, done, watched.base)

    def _elsewhere(self, gone: set[UUID]) -> set[UUID]:
        """Those who still exist somewhere."""
        left = set[UUID]()
        for page in self._find(sorted(gone), ("entryUUID", "objectClass")):
            for entry in page:
                if _is_branch(entry):
                    raise RejectedError(f"The branch {entry.dn} was moved: {FULL}.")
                left.add(UUID(entry.values["entryUUID"][0].decode()))
        return left


def _take(told: _Told, found: Entry | Note) -> None:
    if isinstance(found, Entry):
        (_, state), (_, key), *_ = inside(found.controls[STATE])
        uuid = UUID(bytes=key)
        if number(state) == DELETE:
            told.gone.add(uuid)
        elif number(state) == PRESENT:
            told.present.add(uuid)
        else:
            told.changed.add(uuid)
            if _is_branch(found):
                told.branches.append((uuid, found))
    elif found.name == INFO:
        for tag, content in elements(found.value):
            if tag == ID_SET:
                _id_set(told, content)


def _id_set(told: _Told, content: bytes) -> None:
    """Keys of who left, or of who is still there."""
    left = False
    for tag, value in elements(content):
        if tag == 0x01:
            left = number(value) != 0
        elif tag == 0x31:
            keys = {UUID(bytes=key) for _, key in elements(value)}
            (told.gone if left else told.present).update(keys)


def _end(told: _Told, done: Done, cookie: bytes) -> None:
    """The new cookie, and whether those who left were told one by one."""
    said = dict(inside(done.controls[DONE])) if DONE in done.controls else {}
    told.cookie = said.get(0x04) or cookie
    told.complete = bool(cookie) and number(said.get(0x01, b"\x00")) == 0
    told.gone -= told.changed


def _is_branch(entry: Entry) -> bool:
    return any(
        each.decode().lower() in BRANCH_CLASSES for each in entry.values.get("objectClass", ())
    )


def _unmoved(branch: Entry, cookie: bytes) -> None:
    """A branch that is not certainly new may have taken its people with it.

    It tells the second in which it was made: not after the cookie's means perhaps before.
    """
    made = branch.values.get("createTimestamp", [b""])[0][:14]
    since = max(_MOMENT.findall(cookie), default=b"")
    if not made.isdigit() or made <= since:
        raise RejectedError(f"The branch {branch.dn} was changed or moved: {FULL}.")
