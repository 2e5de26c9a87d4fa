"""What changed since: the same words for Active Directory and OpenLDAP.

A delta tells only *whose* entry changed; the connector reads it again by its key, because what
comes with a change is a fragment.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from connectors.ldap.dirsync import DirSync
from connectors.ldap.root import Root, Vendor
from connectors.ldap.seal import Watched, seal, unseal
from connectors.ldap.session import Session
from connectors.ldap.syncrepl import Finder, SyncRepl
from hub.errors import BadConfigError, RejectedError


@dataclass(frozen=True, slots=True)
class Changes:
    """Whose entries changed.

    Attributes:
        changed: keys to be read again; of Active Directory anywhere in its domain, inside the base
            or moved out of it; of OpenLDAP inside base and condition.
        deleted: keys of entries that are proven to be gone: a tombstone, or told to have left by
            OpenLDAP and found nowhere. There may be keys among them that nobody ever knew.
        left: OpenLDAP: keys of entries that still exist, outside base or condition.
        cookie: for the next call.
    """

    changed: frozenset[UUID]
    deleted: frozenset[UUID]
    left: frozenset[UUID]
    cookie: str = field(repr=False)


class Deltas:
    """Both ways to ask, and the last cookie of each question while this process lives.

    Args:
        session: asks.
        root: what the server says about itself, now.
        find: reads entries by their keys, wherever they are.
    """

    def __init__(self, session: Session, root: Callable[[], Root], find: Finder) -> None:
        self._root = root
        self._dirsync = DirSync(session)
        self._syncrepl = SyncRepl(session, find)
        self._last: dict[Watched, str] = {}

    def mark(self, watched: Watched) -> str:
        """See `DirectoryClient.mark`."""
        if watched in self._last:
            try:
                return self.changes(watched, self._last[watched]).cookie
            except RejectedError:
                self._last.pop(watched)  # it was remembered to save time only
        root = self._able()
        way = self._dirsync if root.vendor is Vendor.AD else self._syncrepl
        return self._kept(watched, seal(root, watched, *way.start(root, watched)))

    def changes(self, watched: Watched, cookie: str) -> Changes:
        """See `DirectoryClient.changes`."""
        root = self._able()
        cookies, left = unseal(root, watched, cookie), set[UUID]()
        if root.vendor is Vendor.AD:
            changed, deleted, cookies = self._dirsync.since(root, watched, cookies)
        else:
            changed, deleted, left, cookies = self._syncrepl.since(root, watched, cookies)
        sealed = self._kept(watched, seal(root, watched, *cookies))
        return Changes(frozenset(changed), frozenset(deleted), frozenset(left), sealed)

    def _kept(self, watched: Watched, cookie: str) -> str:
        self._last[watched] = cookie
        return cookie

    def _able(self) -> Root:
        root = self._root()
        if not root.tells_changes:
            raise BadConfigError(
                "This directory tells no changes: switch its overlay `syncprov` on (OpenLDAP), "
                "or read it in full only."
            )
        return root
