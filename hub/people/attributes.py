"""What is known of a person: of each attribute the most trusted account's value, with its source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.events.person import ATTRIBUTES
from hub.people.policy import Policy


@dataclass(frozen=True, slots=True)
class Voice:
    """One account that says something of the person.

    Attributes:
        place: its place in the order of appearance.
        body: the payload as JSON values.
    """

    instance: str
    place: int
    body: Mapping[str, Any]


def known(
    voices: Sequence[Voice], before: Mapping[str, Any], policy: Policy, now: datetime
) -> dict[str, dict[str, Any]]:
    """Every attribute with value, instance and since when it is so.

    Args:
        voices: of the accounts that count now; none: nothing new is known, and the old stays.
        before: what was known until now; the same value of the same instance keeps its moment.
    """
    if not voices:
        return dict(before)
    found: dict[str, dict[str, Any]] = {}
    for field in ATTRIBUTES:
        speaking = [one for one in voices if one.body.get(field) is not None]
        if speaking:
            best = min(speaking, key=lambda one: (_rank(policy, field, one.instance), one.place))
            found[field] = _since(best, field, before.get(field), now)
    return found


def _rank(policy: Policy, field: str, instance: str) -> int:
    order = policy.order(field)
    return order.index(instance) if instance in order else len(order)


def _since(best: Voice, field: str, old: Mapping[str, Any] | None, now: datetime) -> dict[str, Any]:
    made = {"value": best.body[field], "instance": best.instance}
    same = old is not None and {name: old[name] for name in made} == made
    return made | {"at": old["at"] if same and old is not None else now.isoformat()}
