"""Why a plan makes, changes or takes away a person's account on a target."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.people import reasons
from hub.people.standing import term_of
from hub.store import persons, planned
from hub.store.planned import PERSON, Planned
from hub.store.store import Tx

Reason = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standings:
    """How the persons stand whose objects differ: their states, and their accounts in words."""

    states: Mapping[str, str]
    accounts: Mapping[str, Sequence[Reason]]


class PersonReasons:
    """The reasons of all persons whose objects differ, as they stand now.

    Args:
        tx: the transaction.
        now: the moment that the reasons are of.
    """

    def __init__(self, tx: Tx, now: datetime) -> None:
        self._tx, self._now = tx, now
        self._standings: Standings | None = None

    def of(self, lines: Collection[tuple[Planned, str]]) -> dict[tuple[str, str], Reason]:
        """By target and person.

        Args:
            lines: objects with what becomes of them; some at a time, because what changes is
                described too.
        """
        mine = [line for line in lines if line[0].kind == PERSON]
        if not mine:
            return {}
        if self._standings is None:
            self._standings = _standings(self._tx, self._now)
        states, accounts = self._standings.states, self._standings.accounts
        known = persons.described(self._tx, {row.key for row, action in mine if action == "update"})
        return {
            (row.target, row.key): reasons.why(
                states[row.key], known.get(row.key, {}), accounts.get(row.key, ()), *sides(row)
            )
            for row, _ in mine
            if row.key in states
        }


def _standings(tx: Tx, now: datetime) -> Standings:
    states: dict[str, str] = {}
    told: dict[str, list[tuple[int, Reason]]] = {}
    for one in planned.standings(tx):
        states[one.person] = one.state
        if one.subject is not None:
            term = None if one.removed_at or one.body is None else term_of(one.version, one.body)
            said = {"account": f"{one.instance}/{one.key}", **reasons.stands(term, now)}
            told.setdefault(one.person, []).append((one.subject, said))
    return Standings(states, {ident: _in_order(some) for ident, some in told.items()})


def _in_order(some: list[tuple[int, Reason]]) -> list[Reason]:
    if len(some) > 1:
        some.sort(key=lambda one: one[0])
    return [said for _, said in some]


def sides(row: Planned) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """An object's body there, and as desired; None: there is none."""
    return row.done_body, row.body if row.state == "present" else None
