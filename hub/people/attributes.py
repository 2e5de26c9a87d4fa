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
    usual = _ranked(voices, policy.authority)
    found: dict[str, dict[str, Any]] = {}
    for field in ATTRIBUTES:
        order = policy.authority_of.get(field)
        ranked = usual if order is None else _ranked(voices, order)
        best = next((one for one in ranked if one.body.get(field) is not None), None)
        if best is not None:
            found[field] = _since(best, field, before.get(field), now)
    return found


def _ranked(voices: Sequence[Voice], order: Sequence[str]) -> list[Voice]:
    """The most trusted first; those that nobody ranked after them, in order of appearance."""
    ranks = {name: at for at, name in enumerate(order)}
    return sorted(voices, key=lambda one: (ranks.get(one.instance, len(ranks)), one.place))


def _since(best: Voice, field: str, old: Mapping[str, Any] | None, now: datetime) -> dict[str, Any]:
    made = {"value": best.body[field], "instance": best.instance}
    same = old is not None and {name: old[name] for name in made} == made
    return made | {"at": old["at"] if same and old is not None else now.isoformat()}
