"""Who is shown to colleagues: profiles of those who can log in, and nobody else."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hub.sandbox.intranet.directory import Directory
from hub.sandbox.intranet.models import Kind
from hub.sandbox.intranet.state import ObjectStore

ON_A_PAGE = 50


@dataclass(frozen=True)
class Named:
    """A person or group that a page names; `key` None: there is no page to go to."""

    name: str
    key: str | None


@dataclass(frozen=True)
class Profile:
    """One person as colleagues see them; an account of the intranet's own has name and mail."""

    key: str
    name: str
    called: str
    mail: str | None = None
    title: str | None = None
    department: str | None = None
    organisation: str | None = None
    office: str | None = None
    phone: str | None = None
    mobile: str | None = None
    external: bool = False


@dataclass(frozen=True)
class Found:
    """One page of who was found: the first page is 1."""

    shown: list[Profile]
    count: int
    page: int
    pages: int


class Profiles:
    """Profiles over persons and own accounts. Suspended and gone is the same: not shown."""

    def __init__(self, store: ObjectStore, directory: Directory) -> None:
        self._store = store
        self._directory = directory

    def get(self, key: str | None) -> Profile | None:
        """Return a profile; None for who is not here, suspended, or left."""
        if key is None:
            return None
        own = self._directory.own.get(key)
        if own is not None:
            shown = Profile(own.id, own.display_name, own.display_name, own.mail)
            return shown if own.active else None
        found = self._store.get(Kind.PERSON, key)
        if found is None or not found.body.get("active", True):
            return None
        return _of(key, found.body)

    def named(self, key: str) -> Named:
        """Return how to name somebody: by name, with a page where there is one."""
        return Named(self._directory.name_of(key), key if self.get(key) else None)

    def manager(self, key: str) -> Named | None:
        """Return the manager of a person, where that is somebody who is shown."""
        found = self._store.get(Kind.PERSON, key)
        above = self.get(found.body.get("manager")) if found is not None else None
        return None if above is None else Named(above.name, above.key)

    def groups(self, key: str) -> list[Named]:
        """Return the groups in which a person is, by name."""
        found = [Named(self.group_name(one), one) for one in self._directory.groups_of(key)]
        return sorted(found, key=lambda one: _plain(one.name))

    def group_name(self, key: str) -> str:
        """Return what a group is called."""
        found = self._store.get(Kind.GROUP, key)
        return group_name(key) if found is None else str(found.body["name"])

    def search(self, words: str, group: str | None, page: int) -> Found:
        """Find persons by words in name, work and place, in order of their name.

        Args:
            words: each must occur somewhere, whatever its case and accents.
            group: only those in it; None: everybody.
            page: from 1; one that does not exist is the nearest that does.
        """
        wanted = _plain(words).split()
        found = [one for one in self._everybody(group) if _holds(one, wanted)]
        found.sort(key=lambda one: (_plain(one.name), one.key))
        pages = max(1, -(-len(found) // ON_A_PAGE))
        page = min(max(page, 1), pages)
        start = (page - 1) * ON_A_PAGE
        return Found(found[start : start + ON_A_PAGE], len(found), page, pages)

    def _everybody(self, group: str | None) -> Iterator[Profile]:
        people = [one.external_id for one in self._store.of_kind(Kind.PERSON)]
        for key in (*people, *self._directory.own):
            if group is not None and group not in self._directory.groups_of(key):
                continue
            found = self.get(key)
            if found is not None:
                yield found


def group_name(group: str) -> str:
    """Write a group as people read it: `ouder-amstel` is Ouder-Amstel."""
    return "-".join(part.capitalize() for part in group.split("-"))


def _of(key: str, body: Any) -> Profile:
    fields = Profile.__dataclass_fields__.keys() - {"key", "name", "called"}
    known = {name: body[name] for name in fields if body.get(name) is not None}
    name = body["display_name"]
    return Profile(key, name, body.get("given_name") or name, **known)


def _holds(one: Profile, wanted: list[str]) -> bool:
    said = (one.name, one.title, one.department, one.organisation, one.office, one.mail)
    text = _plain(" ".join(filter(None, said))) if wanted else ""
    return all(word in text for word in wanted)


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))
