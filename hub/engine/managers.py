"""The manager of a person on a target, by the key of the manager's own account there.

Who it is an account says, by a reference to another account of its source; where sources differ, the
most trusted one. The key is given only while the manager has, or is to have, an account there too.
Nothing waits for a manager, so that people who manage each other hold up nobody.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hub.engine.projection import Desired
from hub.events.objects import Kind
from hub.people.policy import Policy
from hub.store import desire, managers, objects
from hub.store.managers import FIELD, Claim
from hub.store.store import Tx

if TYPE_CHECKING:
    from hub.engine.provisioning import Wish

ROUTE = "people"


def above(tx: Tx, policy: Policy) -> dict[str, str]:
    """The managers of those who changed, whether or not they have an account anywhere."""
    return _trusted(managers.claims_of_stale(tx), policy)


def _trusted(claims: Iterable[Claim], policy: Policy) -> dict[str, str]:
    """By person; of several the most trusted source's. Nobody is one's own manager."""
    ranks = {name: at for at, name in enumerate(policy.authority)}
    best: dict[str, tuple[int, str]] = {}
    for whose, instance, who in claims:
        rank = ranks.get(instance, len(ranks))
        if whose != who and (whose not in best or rank < best[whose][0]):
            best[whose] = rank, who
    return {whose: who for whose, (_, who) in best.items()}


def known(tx: Tx, target_id: str, moving: Sequence["Wish"]) -> list["Wish"]:
    """The same wishes, without managers who have no account there, and are to have none.

    Those who manage others come first.
    """
    own = {one.row.id: one.entry is not None and not _is_withdrawn(one) for one in moving}
    named = {one.entry.manager for one in moving if one.entry and one.entry.manager}
    there = managers.present(tx, target_id, [one for one in named if one not in own])
    there |= {one for one in named if own.get(one)}
    first = sorted(moving, key=lambda one: one.row.id not in named)  # so that ids are known early
    return [one if _may_stand(one, there) else _without(one) for one in first]


def _is_withdrawn(one: "Wish") -> bool:
    return one.there is not None and bool(one.there.withdrawn)


def _may_stand(one: "Wish", there: Collection[str]) -> bool:
    return one.entry is None or one.entry.manager is None or one.entry.manager in there


def _without(one: "Wish") -> "Wish":
    bare = one.entry.model_copy(update={FIELD: None}) if one.entry else None
    return replace(one, entry=bare)


def follow(tx: Tx, target_id: str, moved: Sequence["Wish"], policy: Policy, now: datetime) -> None:
    """Whose manager got or lost the account there with these wishes is told so.

    But for persons who are looked at again anyhow, or who wait in a hold: their turn comes.
    """
    switched = [one.row.id for one in moved if (one.entry is not None) != _stood(one)]
    ids = managers.settled_reports(tx, switched)
    if not ids:
        return
    rows = objects.by_keys(tx, target_id, str(Kind.PERSON), ids)
    rows = {key: row for key, row in rows.items() if row.state == "present"}
    wanted = _trusted(managers.claims(tx, rows), policy)
    there = managers.present(tx, target_id, set(wanted.values()))
    made = [
        (row.instance, _named(target_id, row, wanted[key] if wanted.get(key) in there else None))
        for key, row in rows.items()
    ]
    desire.put_many(tx, made, now)


def _stood(one: "Wish") -> bool:
    return one.there is not None and one.there.state == "present"


def _named(target_id: str, row: Any, manager: str | None) -> Desired:
    rest: Mapping[str, Any] = {name: one for name, one in row.body.items() if name != FIELD}
    body = {**rest, FIELD: manager} if manager else rest
    return Desired(target_id, Kind.PERSON, row.key, body, "", "", ROUTE)
