"""Groups, and who of the people in scope is in them. Synchronous."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from connectors.ldap.closure import everybody
from connectors.ldap.filters import both
from connectors.ldap.mapping import GROUP_ATTRIBUTES, fold, group, membership
from connectors.ldap.models import UnreadableError, first
from connectors.ldap.people import DELETED, NO_KEY, whereabouts
from connectors.ldap.root import Vendor
from connectors.ldap.visit import Visit
from hub.contract import Batch, Gone, Record, Slice, Unreadable

if TYPE_CHECKING:
    from connectors.ldap.decode import Entry

PART = 1000  # memberships in one batch


@dataclass(frozen=True, slots=True)
class Picture:
    """Who is in which group, at one moment.

    Attributes:
        people: keys of everybody in scope.
        members: group to its members, with whether the group itself names them; all are keys.
    """

    people: frozenset[str]
    members: Mapping[str, Mapping[str, bool]]


def sweep(visit: Visit) -> Iterator[Batch]:
    """Groups first, then who is in them; all of it is finished with the last batch."""
    known, names = everyone(visit), dict[str, str]()
    for page in pages(visit):
        yield _batch(visit, page, names)
    for key, members in _members(visit, known, names).items():
        yield from _parts(visit, key, members)
    yield Batch(finished=(Slice(),))


def _parts(visit: Visit, key: str, members: Mapping[str, bool]) -> Iterator[Batch]:
    place = visit.plan.namespace
    rows = [membership(key, one, place, direct=members[one]) for one in sorted(members)]
    for start in range(0, len(rows), PART):
        yield Batch(rows[start : start + PART])


def picture(visit: Visit) -> Picture:
    """Who is in which group now."""
    known, names = everyone(visit), dict[str, str]()
    for page in pages(visit):
        _batch(visit, page, names)
    people = frozenset(key for keys in known.values() for key in keys)
    return Picture(people, _members(visit, known, names))


def everyone(visit: Visit) -> dict[str, list[str]]:
    """Keys of everybody in scope by folded name, and by `#` with the number of their main group."""
    primary = visit.dialect.primary
    found: dict[str, list[str]] = {}
    for name, key, values in visit.index(*((primary,) if primary else ())):
        found[name] = [key]
        if primary and (number := first(values, primary)):
            found.setdefault(f"#{number}", []).append(key)
    return found


def pages(visit: Visit) -> "Iterator[list[Entry]]":
    """The groups in scope, page by page."""
    settings = visit.settings
    asked = (visit.root.key_attribute, *GROUP_ATTRIBUTES)
    chosen = settings.groups.filter if settings.groups else None
    condition = both(visit.dialect.groups, chosen)
    for base in settings.group_bases:
        yield from visit.client.entries(base, condition, asked)


def _batch(visit: Visit, page: "list[Entry]", names: dict[str, str]) -> Batch:
    """The groups of one page; their keys are noted by folded name."""
    records: list[Record] = []
    unreadable: list[Unreadable] = []
    for entry in page:
        found = read(visit, entry)
        if found.key is not None:
            names[fold(entry.dn)] = found.key
        if isinstance(found, Record):
            records.append(found)
        else:
            unreadable.append(found)
    return Batch(records, unreadable)


def read(visit: Visit, entry: "Entry") -> Record | Unreadable:
    """One group as a record, or why it is none."""
    key = visit.key_of(entry.values)
    if key is None:
        return Unreadable(NO_KEY.format(visit.root.key_attribute))
    try:
        return group(key, entry.values)
    except UnreadableError as error:
        return Unreadable(str(error), key=key, container=key)


def _members(
    visit: Visit, known: Mapping[str, list[str]], names: Mapping[str, str]
) -> dict[str, dict[str, bool]]:
    """Each of the named groups, by key, to its members in scope."""
    links = visit.links(visit.settings.group_bases) if names else {}
    found: dict[str, dict[str, bool]] = {}
    for name, key in names.items():
        if name not in links:
            continue
        members = {one for each in everybody(name, links) for one in known.get(each, ())}
        direct = {one for each in links[name] for one in known.get(each, ())}
        found[key] = {one: one in direct for one in members}
    return found


def look_up(visit: Visit, key: UUID) -> Record | Gone | Unreadable | None:
    """One group now; None: not found, without proof that it is gone.

    Raises:
        PermissionMissingError: a base can't be read, so nothing can be said.
    """
    settings = visit.settings
    asked = (visit.root.key_attribute, *GROUP_ATTRIBUTES)
    chosen = settings.groups.filter if settings.groups else None
    condition = both(visit.dialect.groups, chosen, visit.root.is_key(key))
    for base in settings.group_bases:
        for page in visit.client.entries(base, condition, asked):
            for entry in page:
                return read(visit, entry)
    return _absent(visit, key)


def _absent(visit: Visit, key: UUID) -> Gone | None:
    visit.prove_readable(visit.settings.group_bases)
    for page in visit.client.by_keys([key], (visit.root.key_attribute,)):
        for entry in page:
            return Gone(whereabouts(entry.dn, visit.settings.group_bases))
    if visit.root.vendor is Vendor.AD and visit.client.tombstone(key) is not None:
        return Gone(DELETED)
    return None
