"""Pictures of people on a target: an object of its own for each, which requires the person's account.

Only where `people.photos` names the target, and the hub keeps the accounts there. A picture goes with
the account, and stays while somebody is suspended, of whom nothing new is known: nobody sees either.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.engine.projection import Desired
from hub.events.objects import Kind, PersonEntry, PhotoEntry
from hub.people.policy import Policy
from hub.people.reasons import Why
from hub.store import desire, objects, persons
from hub.store.store import Tx

ROUTE = "photos"
FIELD = "photo"


@dataclass(frozen=True, slots=True)
class Portrait:
    """The picture of one person on one target.

    Attributes:
        entry: as it should be; None: there should be none.
        there: the object as it is; None: there never was one.
    """

    entry: PhotoEntry | None = None
    there: Any = None

    @property
    def is_replaced(self) -> bool:
        """Whether somebody who has one gets another one, or none."""
        if self.there is None or self.there.state != "present":
            return False
        return self.entry is None or self.entry.model_dump(mode="json") != self.there.body


class Gallery:
    """What stands on one target, and what should."""

    def __init__(self, tx: Tx, target_id: str, policy: Policy, ids: Collection[str]) -> None:
        self._on = target_id in policy.photos
        used = self._on or objects.any_of_kind(tx, target_id, str(Kind.PHOTO))
        self._there = objects.by_keys(tx, target_id, str(Kind.PHOTO), ids) if used else {}

    def portrait(self, row: Any, entry: PersonEntry | None, account: Any) -> Portrait:
        """Of a stored person.

        Args:
            row: the person.
            entry: the account as it should be.
            account: the object of the account as it is; None: there never was one.
        """
        there = self._there.get(row.id)
        if entry is None or (account is not None and account.withdrawn):
            return Portrait(None, there)
        told = (row.attributes or {}).get(FIELD) if self._on else None
        return Portrait(PhotoEntry(person=row.id, **told["value"]) if told else None, there)


def settle(tx: Tx, target_id: str, wishes: Sequence[Any], now: datetime) -> None:
    """Carry it out for those whose accounts move; wishes as provisioning has them."""
    wanted = []
    for one in wishes:
        entry, there = one.portrait.entry, one.portrait.there
        if entry is not None:
            wanted.append((one.instance, _desired(target_id, entry)))
        elif there is not None and there.state == "present":
            desire.make_absent(tx, there.id, now)
    if wanted:
        desire.put_many(tx, wanted, now)


def _desired(target_id: str, entry: PhotoEntry) -> Desired:
    body = entry.model_dump(mode="json")
    account = ((Kind.PERSON, entry.person),)
    return Desired(target_id, Kind.PHOTO, entry.person, body, "", "", ROUTE, requires=account)


def reasons(tx: Tx, steps: Sequence[Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Of steps of a plan that are about pictures, by target and person: code, name and source."""
    rows = persons.by_ids(tx, sorted({one.key for one in steps}))
    return {(one.target, one.key): _reason(one, rows.get(one.key)) for one in steps}


def _reason(step: Any, row: Any) -> Mapping[str, Any]:
    codes = {"create": Why.PHOTO_NEW, "update": Why.PHOTO_CHANGED, "remove": Why.PHOTO_GONE}
    told = ((row.attributes if row is not None else None) or {}).get(FIELD)
    found: dict[str, Any] = {"code": str(codes[step.action]), "accounts": []}
    found |= {"sources": [told["instance"]]} if told and step.action != "remove" else {}
    return found | ({"title": row.name} if row is not None and row.name else {})
