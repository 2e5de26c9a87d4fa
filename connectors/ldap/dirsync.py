"""DirSync of Active Directory (MS-ADTS 3.1.1.3.4.1.3): whose objects changed since a cookie.

Facts, run on Samba 4.17. Only the root of a domain can be asked. A tombstone keeps no
objectCategory, no mail and no manager. An object is told only when one of the attributes that were
asked for changed; cleared ones come without values. A branch that is moved or renamed is told, the
people in it are not, though their names changed; what is new has `whenCreated`, what was moved has
not. A person who is deleted leaves its groups without a word. An unknown cookie is result 12.
"""

from collections.abc import Callable
from uuid import UUID

from connectors.ldap.ber import DecodeError, inside, integer, number, octets, sequence
from connectors.ldap.decode import Done, Entry, Note
from connectors.ldap.faults import SUCCESS, ended, useless
from connectors.ldap.reader import Question
from connectors.ldap.root import DIRSYNC, Root
from connectors.ldap.seal import FULL, Watched
from connectors.ldap.session import Session
from hub.errors import BadConfigError, RejectedError, RetryableError

OBJECT_SECURITY = 0x1  # what this account may read; without it, it takes the right to replicate
INCREMENTAL_VALUES = -0x80000000  # members one by one; the highest bit of a signed number
MOST_BYTES = 1_000_000  # of one answer; Samba does not mind it
BRANCHES = "(|(objectClass=organizationalUnit)(objectClass=container))"
ALWAYS = ("objectGUID", "isDeleted", "name", "whenCreated")


class DirSync:
    """Asks a domain controller what changed.

    Args:
        session: asks.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def start(self, root: Root, watched: Watched) -> list[bytes]:
        """The cookies of now."""
        return self._both(root, watched, [b"", b""], lambda _: None, lambda _: None)

    def since(
        self, root: Root, watched: Watched, cookies: list[bytes]
    ) -> tuple[set[UUID], set[UUID], list[bytes]]:
        """Keys of who changed, keys of who was deleted, and the cookies of now.

        Raises:
            RejectedError: the cookies are of no use, or a branch was moved.
        """
        changed, deleted = set[UUID](), set[UUID]()

        def person(entry: Entry) -> None:
            (deleted if _is(entry, "isDeleted") else changed).add(_key(root, entry))

        cookies = self._both(root, watched, cookies, _unmoved, person)
        return changed - deleted, deleted, cookies

    def _both(
        self,
        root: Root,
        watched: Watched,
        cookies: list[bytes],
        branch: Callable[[Entry], None],
        person: Callable[[Entry], None],
    ) -> list[bytes]:
        """Branches first: one that moves in between is told the next time."""
        if "objectcategory" in watched.condition.lower():
            raise BadConfigError(
                "A filter with objectCategory would miss deletions, because what is deleted has "
                "none: use (objectClass=user)."
            )
        if len(cookies) != 2:
            raise RejectedError(f"The position in the directory's changes is damaged: {FULL}.")
        base, asked = root.context_of(watched.base), (*watched.attributes, *ALWAYS)
        return [
            self._all(base, BRANCHES, ALWAYS, cookies[0], branch),
            self._all(base, watched.condition, asked, cookies[1], person),
        ]

    def _all(
        self,
        base: str,
        condition: str,
        attributes: tuple[str, ...],
        cookie: bytes,
        take: Callable[[Entry], None],
    ) -> bytes:
        """Everything until there is no more; the cookie of the end."""
        wanted = tuple(dict.fromkeys(attributes))
        known, more = bool(cookie), True
        while more:
            value = sequence(
                integer(OBJECT_SECURITY + INCREMENTAL_VALUES), integer(MOST_BYTES), octets(cookie)
            )
            question = Question(base, condition, wanted, controls=((DIRSYNC, True, value),))
            done = self._session.ask(question, lambda found: _entry(found, take))
            if done.code != SUCCESS:
                refuse = useless if known else ended
                raise refuse(self._session.address, done, base)
            more, cookie = _rest(done)
        return cookie


def _entry(found: Entry | Note, take: Callable[[Entry], None]) -> None:
    if isinstance(found, Entry):
        take(found)


def _rest(done: Done) -> tuple[bool, bytes]:
    """Whether there is more, and the next cookie."""
    try:
        more, _, (_, cookie) = inside(done.controls[DIRSYNC])
    except (KeyError, ValueError, DecodeError) as error:
        raise RetryableError("The directory's answer holds no position in its changes.") from error
    return bool(number(more[1])) and bool(cookie), cookie


def _unmoved(entry: Entry) -> None:
    """A branch that got another name, or another place, took its people with it."""
    if (
        "name" in entry.values
        and not _is(entry, "isDeleted")
        and not entry.values.get("whenCreated")
    ):
        raise RejectedError(f"The branch {entry.dn} was renamed or moved: {FULL}.")


def _is(entry: Entry, name: str) -> bool:
    return entry.values.get(name) == [b"TRUE"]


def _key(root: Root, entry: Entry) -> UUID:
    try:
        return root.key_of(entry.values["objectGUID"][0])
    except (KeyError, IndexError, ValueError) as error:
        raise RetryableError("The directory told a change of nobody (no objectGUID).") from error
