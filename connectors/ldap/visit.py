"""One visit to the directory: what it is, who is in scope, and everybody in it. Synchronous."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from connectors.ldap.closure import everybody
from connectors.ldap.filters import any_of, both
from connectors.ldap.mapping import dialect_of, fold, fold_member, plan_of
from connectors.ldap.models import Values, first
from connectors.ldap.root import Root
from connectors.ldap.settings import LdapSettings
from hub.errors import BadConfigError, PermissionMissingError

if TYPE_CHECKING:
    from connectors.ldap.decode import Entry
    from connectors.ldap.deltas import Changes

    Page = list[Entry]

AT_ONCE = 100  # keys in one search


class Directory(Protocol):
    """What is needed of a client; `connectors.ldap.client.DirectoryClient` is one."""

    def root(self) -> Root:
        """What the server says about itself."""
        ...

    def entries(
        self, base: str, condition: str, attributes: Sequence[str], *, deleted: bool = False
    ) -> "Iterator[Page]":
        """Entries page by page."""
        ...

    def one(self, dn: str, attributes: Sequence[str]) -> "Entry | None":
        """The entry of that name; None: there is none, or this account can't see it."""
        ...

    def by_keys(self, keys: Sequence[UUID], attributes: Sequence[str]) -> "Iterator[Page]":
        """The entries of those keys, wherever they stand."""
        ...

    def tombstone(self, key: UUID) -> "Entry | None":
        """What is left of a deleted entry."""
        ...

    def mark(self, base: str, condition: str, attributes: Sequence[str]) -> str:
        """Where deltas begin from now on."""
        ...

    def changes(
        self, base: str, condition: str, attributes: Sequence[str], cookie: str
    ) -> "Changes":
        """What changed since."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class Visit:
    """A directory as one configured instance sees it, while one connection lasts."""

    def __init__(self, client: Directory, settings: LdapSettings, instance: str) -> None:
        self.client = client
        self.settings = settings
        self.root = client.root()
        self.dialect = dialect_of(settings, self.root.vendor)
        self.plan = plan_of(settings, self.dialect, instance)

    @cached_property
    def condition(self) -> str:
        """Who is a person in scope, but for the groups."""
        return both(self.dialect.people, self.settings.filter)

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The attributes of a person that are read."""
        return (self.root.key_attribute, *self.plan.asked)

    def people(self, attributes: Sequence[str], where: str = "") -> "Iterator[tuple[str, Page]]":
        """Everybody in scope, page by page, with the base where they were found.

        Args:
            attributes: what to read of each.
            where: a further condition.
        """
        asked = tuple(dict.fromkeys((*attributes, *self._primary)))
        condition = both(self.condition, where)
        for base in self.settings.bases:
            for page in self.client.entries(base, condition, asked):
                yield base, [one for one in page if self._is_chosen(one)]

    @property
    def _primary(self) -> tuple[str, ...]:
        named = self.dialect.primary if self.settings.members_of else None
        return (named,) if named else ()

    def _is_chosen(self, entry: "Entry") -> bool:
        if self._chosen is None:
            return True
        numbers = (first(entry.values, name) for name in self._primary)
        return fold(entry.dn) in self._chosen or any(f"#{one}" in self._chosen for one in numbers)

    @cached_property
    def _chosen(self) -> frozenset[str] | None:
        """Who is in `members_of`: folded names, and `#` with the number of a primary group."""
        if not self.settings.members_of:
            return None
        links = self.links(self.settings.members_of)
        found: frozenset[str] = frozenset()
        for dn in self.settings.members_of:
            if fold(dn) not in links:
                raise BadConfigError(
                    f"`members_of` names {dn}, and there is no such group, or the hub's account may "
                    "not read it. Nothing was concluded."
                )
            found |= everybody(fold(dn), links)
        return found

    def links(self, names: Sequence[str]) -> dict[str, frozenset[str]]:
        """Every group of the trees that hold these names: folded name to folded members.

        All of them, because a group within a group may stand anywhere. The number of a group that
        lists not all of its members is one of them, with a `#`.
        """
        number = self.dialect.number
        asked = (*self.dialect.members, *((number,) if number else ()))
        found: dict[str, frozenset[str]] = {}
        for tree in dict.fromkeys(self.root.context_of(one) for one in names):
            for page in self.client.entries(tree, self.dialect.groups, asked):
                found |= {fold(one.dn): self._linked(one.values) for one in page}
        return found

    def _linked(self, values: Values) -> frozenset[str]:
        number = first(values, self.dialect.number) if self.dialect.number else None
        named = {
            fold_member(value) for name in self.dialect.members for value in values.get(name, ())
        }
        return frozenset(named | ({f"#{number}"} if number else set()))

    def key_of(self, values: Values) -> str | None:
        """The entry's own key; None: it can't be read."""
        try:
            return str(self.root.key_of(values[self.root.key_attribute][0]))
        except (KeyError, IndexError, ValueError):
            return None

    def index(self, *attributes: str) -> "Iterator[tuple[str, str, Values]]":
        """Folded name and key of everybody in scope, with these attributes."""
        asked = (self.root.key_attribute, *attributes)
        for _, page in self.people(asked):
            for one in page:
                if (key := self.key_of(one.values)) is not None:
                    yield fold(one.dn), key, one.values

    def with_keys(self, keys: Sequence[UUID]) -> str:
        """The condition that an entry has one of these keys."""
        return any_of(*(self.root.is_key(one) for one in keys))

    def prove_readable(self, bases: Sequence[str]) -> None:
        """That what is not found below these bases is not found for want of a right.

        Raises:
            PermissionMissingError: a base can't be read, so nothing is known of what is below it.
        """
        for base in bases:
            if self.client.one(base, (self.root.key_attribute,)) is None:
                raise PermissionMissingError(
                    f"{base} can't be read: give the hub's account the right to read it, or correct "
                    "`bases`. Nothing was concluded."
                )
