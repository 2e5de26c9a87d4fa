"""Everybody in scope, and what changed since; completed by reading again. Synchronous."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from connectors.ldap.escape import below, parent
from connectors.ldap.mapping import fold, manager_of, record
from connectors.ldap.models import UnreadableError
from connectors.ldap.root import Vendor
from connectors.ldap.settings import Deltas
from connectors.ldap.visit import AT_ONCE, Visit
from hub.contract import Batch, Checkpoint, Gone, Record, Removal, Slice, Unreadable
from hub.errors import PermissionMissingError, RejectedError
from hub.events.base import Family

if TYPE_CHECKING:
    from connectors.ldap.decode import Entry

Managers = Mapping[str, str]  # folded name to key
NO_KEY = "no key: {} can't be read"
DELETED, UNCHOSEN = "deleted", "outside filter or group"


def sweep(visit: Visit) -> Iterator[Batch]:
    """Everybody in scope, a batch per page; all of it is finished with the last one."""
    position = _mark_if_any(visit)
    managers = everybody_by_name(visit) if visit.plan.fields.get("manager") else {}
    for base, page in visit.people(visit.asked):
        yield batch(visit, page, base, managers)
    yield Batch(finished=(Slice(),), next_delta=position)


def everybody_by_name(visit: Visit) -> Managers:
    """The key of everybody in scope, by folded name."""
    return {name: key for name, key, _ in visit.index()}


def batch(visit: Visit, page: Iterable["Entry"], base: str, managers: Managers) -> Batch:
    """What one page says."""
    records: list[Record] = []
    unreadable: list[Unreadable] = []
    for entry in page:
        found = read(visit, entry, base, managers)
        if isinstance(found, Record):
            records.append(found)
        else:
            unreadable.append(found)
    return Batch(records, unreadable)


def read(visit: Visit, entry: "Entry", base: str, managers: Managers) -> Record | Unreadable:
    """One entry as a record, or why it is none."""
    key = visit.key_of(entry.values)
    if key is None:
        return Unreadable(NO_KEY.format(visit.root.key_attribute), container=base)
    manager = manager_of(entry.values, visit.plan)
    try:
        above = managers.get(fold(manager)) if manager else None
        return record(key, entry.values, visit.plan, base, above)
    except UnreadableError as error:
        return Unreadable(str(error), key=key, container=base)


# --- deltas ----------------------------------------------------------------------------------


def _mark_if_any(visit: Visit) -> Checkpoint | None:
    """Without the right to ask for changes everything is read again later; `hub check` says so."""
    try:
        return mark(visit)
    except (PermissionMissingError, RejectedError):
        return None


def mark(visit: Visit) -> Checkpoint | None:
    """Where deltas go on, taken before anything is read; None: there are none."""
    if visit.settings.deltas is Deltas.OFF or not visit.root.tells_changes:
        return None
    asked = watched(visit), visit.asked
    return _position(visit, {one: visit.client.mark(one, *asked) for one in _places(visit)})


def tells_changes(visit: Visit) -> bool:
    """Whether deltas can be had; cheap, because it asks about nobody.

    Raises:
        PermissionMissingError: the account may not ask for changes.
    """
    if not visit.root.tells_changes:
        return False
    for place in _places(visit):
        visit.client.mark(place, visit.with_keys([UUID(int=0)]), (visit.root.key_attribute,))
    return True


def watched(visit: Visit) -> str:
    """The condition of which changes are asked for."""
    return visit.dialect.people_changed or visit.condition


def _places(visit: Visit) -> Sequence[str]:
    """Active Directory tells the changes of a whole tree, others those below a base."""
    if visit.root.vendor is not Vendor.AD:
        return visit.settings.bases
    return tuple(dict.fromkeys(map(visit.root.context_of, visit.settings.bases)))


def _position(visit: Visit, places: Mapping[str, str]) -> Checkpoint:
    return Checkpoint(json.dumps({"vendor": visit.root.vendor, "places": places}))


def delta(visit: Visit, since: Checkpoint | None) -> Iterator[Batch]:
    """Who changed, each read again, and who is proven to have left.

    Raises:
        RejectedError: the position is of no more use; a sweep must follow.
    """
    wanted, deleted, places = _changes(visit, _stored(visit, since))
    keys = sorted(wanted)
    for start in range(0, len(keys), AT_ONCE):
        yield again(visit, keys[start : start + AT_ONCE], deleted)
    yield Batch(next_delta=_position(visit, places))


def _stored(visit: Visit, since: Checkpoint | None) -> Mapping[str, str]:
    try:
        found = json.loads(since.value if since else "")
        vendor, places = found["vendor"], dict(found["places"])
    except (ValueError, KeyError, TypeError) as error:
        raise RejectedError("The position for deltas can't be read: a sweep follows.") from error
    if vendor != visit.root.vendor or set(places) != set(_places(visit)):
        raise RejectedError("The position for deltas is of another directory: a sweep follows.")
    return places


def _changes(
    visit: Visit, places: Mapping[str, str]
) -> tuple[set[UUID], set[UUID], dict[str, str]]:
    """Whom to read again, who of them is proven to be deleted, and the positions after that."""
    wanted: set[UUID] = set()
    deleted: set[UUID] = set()
    after = {}
    for place, cookie in places.items():
        found = visit.client.changes(place, watched(visit), visit.asked, cookie)
        wanted |= found.changed | found.left | found.deleted
        deleted |= found.deleted
        after[place] = found.cookie
    return wanted, deleted, after


def again(visit: Visit, keys: Sequence[UUID], deleted: set[UUID]) -> Batch:
    """These people as they are now: a record, a removal with its proof, or nothing.

    Args:
        keys: at most AT_ONCE.
        deleted: of whom the directory proved that they are deleted.
    """
    found = _present(visit, keys)
    records: list[Record | Removal] = [one for one in found.values() if isinstance(one, Record)]
    rest = [one for one in keys if str(one) not in found]
    if rest:
        visit.prove_readable(visit.settings.bases)
        elsewhere = _elsewhere(visit, rest)
        records += [Removal(one, Family.PERSON, reason) for one, reason in elsewhere.items()]
        left = [str(one) for one in rest if one in deleted and str(one) not in elsewhere]
        records += [Removal(one, Family.PERSON, DELETED) for one in left]
    return Batch(records, [one for one in found.values() if isinstance(one, Unreadable)])


def _present(visit: Visit, keys: Sequence[UUID]) -> dict[str, Record | Unreadable]:
    entries = [
        (base, one)
        for base, page in visit.people(visit.asked, visit.with_keys(keys))
        for one in page
    ]
    managers = managers_of(visit, [one for _, one in entries])
    found = {}
    for base, one in entries:
        if (key := visit.key_of(one.values)) is not None:
            found[key] = read(visit, one, base, managers)
    return found


def managers_of(visit: Visit, entries: Iterable["Entry"]) -> Managers:
    """The keys of those managers of these people who are in scope themselves."""
    named = {manager_of(one.values, visit.plan) for one in entries} - {None}
    key = visit.root.key_attribute
    found = {}
    for dn in sorted(filter(None, named)):
        entry = visit.client.one(dn, (key,))
        if entry is not None and (known := visit.key_of(entry.values)) is not None:
            found[known] = fold(dn)
    asked = visit.with_keys([UUID(one) for one in found]) if found else ""
    pages = visit.people((key,), asked) if found else iter(())
    inside = {visit.key_of(one.values) for _, page in pages for one in page}
    return {name: known for known, name in found.items() if known in inside}


def _elsewhere(visit: Visit, keys: Sequence[UUID]) -> dict[str, str]:
    """Those that this account can read, though they are not in scope, with what happened."""
    pages = visit.client.by_keys(keys, (visit.root.key_attribute,))
    bases = visit.settings.bases
    return {
        key: whereabouts(one.dn, bases)
        for page in pages
        for one in page
        if (key := visit.key_of(one.values))
    }


def whereabouts(dn: str, bases: Sequence[str]) -> str:
    """Why an entry that can be read is not in scope, as a person would say it."""
    if any(below(dn, base) for base in bases):
        return UNCHOSEN
    return f"moved to {parent(dn)}"


def look_up(visit: Visit, key: UUID) -> Record | Gone | Unreadable | None:
    """One person now; None: not found, without proof that they are gone.

    Raises:
        PermissionMissingError: a base can't be read, so nothing can be said.
    """
    tombstone = visit.root.vendor is Vendor.AD and _is_deleted(visit, key)
    answer = again(visit, [key], {key} if tombstone else set())
    for one in (*answer.records, *answer.unreadable):
        return Gone(one.reason) if isinstance(one, Removal) else one
    return None


def _is_deleted(visit: Visit, key: UUID) -> bool:
    return visit.client.tombstone(key) is not None
