"""Overhauls: one field of many people's accounts that would change at once on a target.

A column that was renamed, an export that is shifted by one, another authority: each line by itself looks
like an ordinary change. So the same field is counted over everybody at the end of a run, per source
that it comes from; above the limit nobody gets another value of that field, and the list waits in the
hold `attributes` of that target. Everything else about people goes on.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from hub.engine.portraits import FIELD, Portrait
from hub.events.base import Family
from hub.events.objects import PersonEntry
from hub.settings.removals import Changes
from hub.store import holds, objects, waiting
from hub.store.store import Tx

ACTION = "attributes"
Field = tuple[str, str]  # the instance that it comes from, and its name
_OF_PERSON = {"organisation": "employer"}


class Wish(Protocol):
    """One person on one target, as provisioning sees it."""

    @property
    def row(self) -> Any:
        """The stored person."""

    @property
    def instance(self) -> str:
        """The most trusted instance that knows the person."""

    @property
    def entry(self) -> PersonEntry | None:
        """The account as it should be; None: there should be none."""

    @property
    def there(self) -> Any:
        """The account as it is; None: there never was one."""

    @property
    def portrait(self) -> Portrait:
        """The picture beside it."""


def weigh(
    tx: Tx,
    target_id: str,
    wishes: Sequence[Wish],
    let_go: Collection[str],
    *,
    limits: Changes,
    now: datetime,
) -> set[str]:
    """Those whose change waits: everybody with a field that too many would get another value of.

    Args:
        tx, target_id: the transaction and the target.
        wishes: the persons that changed.
        let_go: persons of whom an administrator said that they may change.
        limits: how many may change one field at once.
        now: the moment, UTC.
    """
    changes = {one.row.id: set(_changes(one)) for one in wishes if one.row.id not in let_go}
    old = holds.find_open(tx, target_id, ACTION)
    waits = {name for line in (old.content if old else ()) for name in line["fields"]}
    counts = Counter(field for found in changes.values() for field in found)
    much = {
        field
        for field, many in counts.items()
        if field[1] in waits
        or (many >= limits.least and _too_many(tx, target_id, field, many, limits))
    }
    held = {ident: sorted({name for _, name in found & much}) for ident, found in changes.items()}
    lines = [{"person": ident, "fields": names} for ident, names in held.items() if names]
    if not lines:
        holds.close_if_open(tx, old, now)
        return set()
    lines.sort(key=lambda line: str(line["person"]))
    holds.put_open(tx, target_id, ACTION, lines, now)
    return {str(line["person"]) for line in lines}


def _changes(one: Wish) -> Iterator[Field]:
    """Fields of an account that stays as it is otherwise, which had a value and get another or none."""
    if one.entry is None or one.there is None or one.there.state != "present":
        return
    before = one.there.body
    if before.get("active") is not one.entry.active:
        return
    known = one.row.attributes or {}
    for name in type(one.entry).model_fields:
        if (was := before.get(name)) is not None and was != getattr(one.entry, name):
            told = known.get(_OF_PERSON.get(name, name), {})
            yield told.get("instance", one.instance), name
    if one.portrait.is_replaced:
        yield known.get(FIELD, {}).get("instance", one.instance), FIELD


def _too_many(tx: Tx, target_id: str, field: Field, many: int, limits: Changes) -> bool:
    """Of the people of that source, or of the accounts there where these are fewer."""
    person = str(Family.PERSON)
    everybody = waiting.sizes(tx, field[0], [person])[person] or many
    return 100 * many > limits.percent * min(everybody, objects.active_people(tx, target_id))
